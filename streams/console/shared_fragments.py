"""Fragments that many open pages ask for at the same moment: made once for all to whom they are the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

#: As long as pages are told at most once of a change (`live.PACE_S`): who asks later gets what holds then.
LASTS_S: Final = 1.0


@dataclass
class _Made:
    began_s: float
    lock: Lock = field(default_factory=Lock)
    html: str | None = None


class SharedFragments:
    """By key, for LASTS_S. now_s: any clock that does not go back."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._made: dict[Hashable, _Made] = {}  # the oldest first
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Blocks while another thread makes it. What `make` raises is kept by nobody."""
        now_s = self._now_s()
        with self._lock:
            while self._made and now_s - next(iter(self._made.values())).began_s >= LASTS_S:
                self._made.pop(next(iter(self._made)))
            made = self._made.setdefault(key, _Made(now_s))
        with made.lock:
            if made.html is None:
                made.html = make()
            return made.html
