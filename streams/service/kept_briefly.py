"""Answers that are dear to make and good for some seconds: made once for all who ask meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from streams.ports import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class KeptBriefly(Generic[K, V]):
    """make: from a key to its answer; called by one thread at a time for each key. What it raises is kept by nobody.

    Keys are never forgotten: for closed sets of them, such as platforms.
    """

    def __init__(self, make: Callable[[K], V], lasts_s: float, clock: Clock) -> None:
        self._make = make
        self._lasts_s = lasts_s
        self._clock = clock
        self._locks: dict[K, Lock] = {}
        self._kept: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> V:
        """The answer, at most `lasts_s` old. Blocks while it is made."""
        with self._locks.setdefault(key, Lock()):
            kept = self._kept.get(key)
            now_s = self._clock.now_s()
            if kept is None or not 0.0 <= now_s - kept[0] < self._lasts_s:
                kept = self._kept[key] = (now_s, self._make(key))
            return kept[1]
