"""Whether a measure stays flat: a robust slope after the warm-up, against a bound that is stated beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """What may be gained over the measured time: the larger of a share of the median and an absolute amount.

    Over a short run the noise of a sawtooth (compactions, garbage) hides small slopes; a longer run tightens what the
    same bound says per hour.
    """

    share: float
    absolute: float

    def allowed(self, median: float) -> float:
        return max(self.share * abs(median), self.absolute)


#: By the end of a measure's name.
BOUNDS: Mapping[str, Bound] = {
    "rss_mib": Bound(0.03, 8.0),
    "fds": Bound(0.0, 3.0),
    "state_fds": Bound(0.15, 5.0),
    "threads": Bound(0.0, 2.0),
    "disk_mib": Bound(0.10, 8.0),
    "braid_lag_records": Bound(0.0, 100.0),
    "braid_waiting_records": Bound(0.0, 100.0),
    "braid_index_delta_rows": Bound(0.25, 500.0),
}
QUEUE_BOUND = Bound(0.0, 2.0)


@dataclass(frozen=True)
class Verdict:
    """One measure over the time after the warm-up. gained: what the slope adds up to over that time."""

    median: float
    largest: float
    per_hour: float
    gained: float
    allowed: float

    @property
    def is_flat(self) -> bool:
        return self.gained <= self.allowed


def verdict_of(name: str, at_s: Sequence[float], values: Sequence[float]) -> Verdict:
    """Judge one measure; at least two samples at different times."""
    times, series = np.asarray(at_s, np.float64), np.asarray(values, np.float64)
    slope = theil_sen(times, series)
    median = float(np.median(series))
    bound = BOUNDS.get(name.rpartition(".")[2], QUEUE_BOUND)
    gained = slope * float(times[-1] - times[0])
    return Verdict(median, float(series.max()), slope * 3600.0, gained, bound.allowed(median))


def theil_sen(times: Series, values: Series) -> float:
    """The median of the slopes between all pairs of samples; up to 29 % outliers do not move it far."""
    first, second = np.triu_indices(len(times), k=1)
    apart = times[second] - times[first]
    return float(np.median((values[second] - values[first])[apart > 0] / apart[apart > 0]))
