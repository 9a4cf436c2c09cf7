"""Each objective at each of its burn rates: twice the bound fires, half of it does not, and the short window resolves."""

from __future__ import annotations

from collections.abc import Callable

from streams.telemetry.rules.objectives import BURN_RATES, OBJECTIVES, BurnRate, Objective
from tests.telemetry.promtool import Case, Series, counted, held

#: Requests, or events, a step.
N = 100_000
FIRES, ENDS, RESOLVED = 20, 30, 40
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def _api_errors(share: float) -> Series:
    labels = 'braid_request_seconds_count{job="braid-serve",route="/v1/search"'
    return {
        f'{labels},status="500"}}': counted((N * share, ENDS), (0, 30)),
        f'{labels},status="200"}}': counted((N * (1 - share), ENDS), (N, 30)),
        # What Prometheus itself asks for is nobody's failure.
        'braid_request_seconds_count{job="braid-serve",route="/readyz",status="503"}': counted((N, 60)),
    }


def _api_slow(share: float) -> Series:
    labels = 'job="braid-serve",route="/v1/search",status="200"'
    return {
        f'braid_request_seconds_bucket{{{labels},le="0.25"}}': counted((N * (1 - share), ENDS), (N, 30)),
        f"braid_request_seconds_count{{{labels}}}": counted((N, 60)),
    }


def _slow_events(share: float) -> Series:
    return {
        'braid_event_to_profile_seconds_bucket{le="2.0"}': counted((N * (1 - share), ENDS), (N, 30)),
        "braid_event_to_profile_seconds_count": counted((N, 60)),
    }


def _stale_time(share: float) -> Series:
    """Of whole steps: all of them, or one long enough ago that the short window is clean."""
    series = 'braid_oldest_unapplied_seconds{stage="profile",topic="user-events",partition="0"}'
    if share < 1.0:
        return {series: held((1.9, 8), (30.0, 1), (1.9, 51))}
    return {series: held((30.0, ENDS), (0.0, 30))}


_SERIES: dict[str, Callable[[float], Series]] = {
    "stale_time": _stale_time,
    "slow_events": _slow_events,
    "api_errors": _api_errors,
    "api_slow": _api_slow,
}


def _case(objective: Objective, rate: BurnRate) -> Case:
    share = 1.0 if objective.record == "stale_time" else 2 * rate.times * objective.allowed
    series = _SERIES[objective.record]
    return Case(
        alert=objective.alert,
        among={"long": rate.long, "severity": rate.severity},
        faulty=series(share),
        fine=series(share / 4),
        fires_at=FIRES,
        quiet_from=FIRES,
        resolved_at=RESOLVED,
        step_minutes=int(rate.short[:-1]) * _MINUTES[rate.short[-1]] // 5,
        says=(
            f"{100 * share:.4g}% of {objective.what} over the last {rate.long}, and still; {objective.allowed:.1%} are "
            f"allowed. At {rate.times:g} times that, the budget of 30 days lasts {30 / rate.times:.0f} days."
        ),
    )


BURN_CASES = tuple(_case(objective, rate) for objective in OBJECTIVES for rate in BURN_RATES)
