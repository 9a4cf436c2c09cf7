"""Service level objectives, watched by how fast they spend their error budget.

An objective allows a share of faults over 30 days. Burn rate = share of faults now / share allowed: at 1 the budget
lasts 30 days. Two windows must agree: the long one says that it matters, the short one that it still goes on. Windows
and rates are those of the Google SRE Workbook, chapter 5, as the Kubernetes mixins use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streams.telemetry.rules.structs import Alert, Group, Recording, Severity

BUDGET_DAYS: Final = 30
#: Profiles are this fresh, and events in them this soon; a bound of the buckets of `braid_event_to_profile_seconds`.
FRESH_S: Final = "2"
#: Answers come this soon; a bound of the buckets of `braid_request_seconds`.
PROMPT_S: Final = "0.25"
_ASKED: Final = 'job="braid-serve",route!~"/metrics|/healthz|/readyz"'


@dataclass(frozen=True)
class BurnRate:
    """times: of the rate that spends the budget in 30 days, in both windows, for `lasting`."""

    times: float
    long: str
    short: str
    lasting: str
    severity: Severity


BURN_RATES: Final = (
    BurnRate(14.4, "1h", "5m", "2m", "critical"),
    BurnRate(6, "6h", "30m", "15m", "critical"),
    BurnRate(3, "1d", "2h", "1h", "warning"),
    BurnRate(1, "3d", "6h", "3h", "warning"),
)
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


@dataclass(frozen=True, kw_only=True)
class Objective:
    """alert: its name. record: of the share of faults. faults: that share, with `WINDOW` in place of a window.

    allowed: share of faults, in (0, 1). what: completes "... % of".
    """

    alert: str
    record: str
    faults: str
    allowed: float
    summary: str
    what: str

    def rules(self) -> tuple[Recording | Alert, ...]:
        """The share of faults in each window, and an alert for each burn rate."""
        recordings = tuple(
            Recording(name=self._recorded(window), expression=self.faults.replace("WINDOW", window))
            for window in WINDOWS
        )
        return recordings + tuple(self._alert(rate) for rate in BURN_RATES)

    def _recorded(self, window: str) -> str:
        return f"braid:{self.record}:ratio_rate{window}"

    def _alert(self, rate: BurnRate) -> Alert:
        bound = f"({rate.times:g} * {self.allowed:g})"
        return Alert(
            name=self.alert,
            expression=f"{self._recorded(rate.long)} > {bound} and {self._recorded(rate.short)} > {bound}",
            lasting=rate.lasting,
            severity=rate.severity,
            summary=self.summary,
            description=(
                f"{{{{ $value | humanizePercentage }}}} of {self.what} over the last {rate.long}, and still; "
                f"{self.allowed:.1%} are allowed. At {rate.times:g} times that, the budget of {BUDGET_DAYS} days "
                f"lasts {BUDGET_DAYS / rate.times:.0f} days."
            ),
            labels={"long": rate.long, "short": rate.short},
        )


OBJECTIVES: Final = (
    Objective(
        alert="BraidFreshnessBudgetBurn",
        record="stale_time",
        faults="avg_over_time(braid:profiles_stale:bool[WINDOW])",
        allowed=0.01,
        summary="Profiles are behind the events for too much of the time.",
        what=f"the time, the oldest event that no profile holds yet was older than {FRESH_S} s",
    ),
    Objective(
        alert="BraidEventDelayBudgetBurn",
        record="slow_events",
        faults=(
            f'1 - sum(rate(braid_event_to_profile_seconds_bucket{{le="{FRESH_S}.0"}}[WINDOW])) '
            "/ sum(rate(braid_event_to_profile_seconds_count[WINDOW]))"
        ),
        allowed=0.01,
        summary="Too many events reach their profile late.",
        what=f"the events took longer than {FRESH_S} s to their profile",
    ),
    Objective(
        alert="BraidApiErrorBudgetBurn",
        record="api_errors",
        faults=(
            f'sum(rate(braid_request_seconds_count{{{_ASKED},status=~"5.."}}[WINDOW])) '
            f"/ sum(rate(braid_request_seconds_count{{{_ASKED}}}[WINDOW]))"
        ),
        allowed=0.001,
        summary="Too many HTTP requests fail.",
        what="the HTTP requests failed",
    ),
    Objective(
        alert="BraidApiLatencyBudgetBurn",
        record="api_slow",
        faults=(
            f'1 - sum(rate(braid_request_seconds_bucket{{{_ASKED},le="{PROMPT_S}"}}[WINDOW])) '
            f"/ sum(rate(braid_request_seconds_count{{{_ASKED}}}[WINDOW]))"
        ),
        allowed=0.01,
        summary="Too many HTTP requests are slow.",
        what=f"the HTTP requests took longer than {PROMPT_S} s",
    ),
)

STALE: Final = Recording(
    name="braid:profiles_stale:bool",
    expression=f'max(braid_oldest_unapplied_seconds{{stage=~"normalise|profile"}}) > bool {FRESH_S}',
)

#: One group each: what is in a group is evaluated in order, groups beside each other.
OBJECTIVE_GROUPS: Final = tuple(
    Group(f"braid-{objective.record.replace('_', '-')}", ((STALE,) if number == 0 else ()) + objective.rules())
    for number, objective in enumerate(OBJECTIVES)
)
