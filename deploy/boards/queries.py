"""The few shapes of PromQL that panels are made of. `$instance` is the board's choice, all of them at first."""

from __future__ import annotations

from dataclasses import dataclass

_CHOSEN = 'instance=~"$instance"'


@dataclass(frozen=True)
class Query:
    """expression: PromQL. legend: Grafana's template of a line's name."""

    expression: str
    legend: str


def rate(counter: str, *by: str, where: str = "") -> Query:
    """Of a counter, a second, summed."""
    return Query(f"{_over('sum', by)} (rate({_of(counter, where)}[$__rate_interval]))", _legend(by, counter))


def total(gauge: str, *by: str, where: str = "") -> Query:
    """A gauge, summed."""
    return Query(f"{_over('sum', by)} ({_of(gauge, where)})", _legend(by, gauge))


def worst(gauge: str, *by: str, where: str = "") -> Query:
    """A gauge's largest value."""
    return Query(f"{_over('max', by)} ({_of(gauge, where)})", _legend(by, gauge))


def quantile(of: float, histogram: str, *by: str, where: str = "") -> Query:
    """A quantile of a histogram. of: in (0, 1)."""
    buckets = f"{_over('sum', (*by, 'le'))} (rate({_of(histogram + '_bucket', where)}[$__rate_interval]))"
    return Query(f"histogram_quantile({of:g}, {buckets})", f"p{100 * of:g} {_legend(by, '')}".strip())


def share(part: str, *whole: str) -> Query:
    """What part of the sum of some counters one of them is."""
    sums = " + ".join(f"sum(rate({_of(counter, '')}[$__rate_interval]))" for counter in whole)
    return Query(f"sum(rate({_of(part, '')}[$__rate_interval])) / ({sums})", part)


def as_it_is(recorded: str, legend: str) -> Query:
    """A recording rule, which knows no instance."""
    return Query(recorded, legend)


def _of(metric: str, where: str) -> str:
    return f"{metric}{{{', '.join(filter(None, (where, _CHOSEN)))}}}"


def _over(operation: str, by: tuple[str, ...]) -> str:
    return f"{operation} by ({', '.join(by)})" if by else operation


def _legend(by: tuple[str, ...], otherwise: str) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in by) or otherwise
