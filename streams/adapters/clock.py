"""The wall clock: the one place that reads it."""

from __future__ import annotations

import time


class SystemClock:
    """Meets `ports.Clock`.

    >>> SystemClock().now_s() > 1_700_000_000
    True
    """

    def now_s(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()  # noqa: TID251 - the only reader
