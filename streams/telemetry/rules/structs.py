"""What a rule is: named expressions that Prometheus evaluates, and those of them that call somebody.

Conventions are those of the Kubernetes monitoring mixins: three severities, a summary that never changes, a description
with the figures of the moment, and a runbook page whose address follows from the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

#: critical: wake somebody. warning: look at it today. info: to be known when something else is looked at.
Severity = Literal["critical", "warning", "info"]
#: Where the pages lie, from the root of the repository.
RUNBOOK: Final = "docs/runbook"


@dataclass(frozen=True, kw_only=True)
class Recording:
    """An expression that is kept as a series of its own. name: `braid:<what>:<how>`, as Prometheus advises."""

    name: str
    expression: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A condition that an operator must act on.

    lasting: how long the expression must hold, as Prometheus writes durations; that a gauge never came down for so long
    is said by it and not by a window alone, which is short of samples in a process that has just started.

    summary: one line without figures.

    description: templated with `$labels` and `$value`. labels: more of them, beside the severity.
    """

    name: str
    expression: str
    lasting: str
    severity: Severity
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def runbook_url(self) -> str:
        """The page about it, by its name."""
        return f"{RUNBOOK}/{self.name}.md"


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated together, in order."""

    name: str
    rules: tuple[Recording | Alert, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Those that call somebody."""
        return tuple(rule for rule in self.rules if isinstance(rule, Alert))


def grew(series: str, window: str, by: str) -> str:
    """How much a counter grew, for counters that should stay still.

    `increase` alone misses the first step of a labelled counter: its series is born with it. After a gap of the length
    of the window (Prometheus was away) an old count looks new. by: labels, comma-separated.

    >>> grew("braid_x_total", "15m", "stage")
    'sum by (stage) ((braid_x_total unless braid_x_total offset 15m) or increase(braid_x_total[15m])) > 0'
    """
    born = f"({series} unless {series} offset {window})"
    return f"sum by ({by}) ({born} or increase({series}[{window}])) > 0"
