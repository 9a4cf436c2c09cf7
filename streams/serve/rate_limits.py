"""How often each caller may ask: a token bucket a key name, one for all who have no key. Per process, in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from streams.serve.api_keys import ANONYMOUS, KeyRing

#: A caller may save up this many seconds of its rate.
BURST_S: Final = 2.0


@dataclass
class TokenBucket:
    """rate_per_s: tokens a second, above 0. Holds `BURST_S` seconds of them, at least one; full at first."""

    rate_per_s: float
    at_s: float

    def __post_init__(self) -> None:
        self.capacity = max(1.0, self.rate_per_s * BURST_S)
        self._tokens = self.capacity

    def take(self, now_s: float) -> float:
        """Take one token and return 0, or take none and return the seconds until there is one.

        now_s: any clock that does not go back; what goes back counts as no time.
        """
        self._tokens = min(self.capacity, self._tokens + max(0.0, now_s - self.at_s) * self.rate_per_s)
        self.at_s = max(self.at_s, now_s)
        # A wait that was served to the last digit must be enough, whatever the rounding.
        if self._tokens >= 1.0 - 1e-9:
            self._tokens = max(0.0, self._tokens - 1.0)
            return 0.0
        return (1.0 - self._tokens) / self.rate_per_s


class RateLimits:
    """Buckets by caller's name. A rate of 0 sets no limit; a name without a rate has none. One thread only."""

    def __init__(self, rates_per_s: Mapping[str, float], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        now_s = monotonic()
        self._buckets = {name: TokenBucket(rate, now_s) for name, rate in rates_per_s.items() if rate > 0}

    def wait_s(self, name: str) -> float:
        """0 when the caller may go on, which counts; else how long it should wait."""
        bucket = self._buckets.get(name)
        return 0.0 if bucket is None else bucket.take(self._monotonic())


def rates_of(ring: KeyRing, rate_per_s: float, anonymous_rate_per_s: float) -> dict[str, float]:
    """Name -> rate. Where no keys are set there is no limit: only this machine asks then."""
    if not len(ring):
        return {}
    own = {key.name: rate_per_s if key.grant.rate_per_s is None else key.grant.rate_per_s for key in ring.keys}
    return own | {ANONYMOUS: anonymous_rate_per_s}
