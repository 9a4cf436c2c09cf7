"""How far a follower is: written by its thread, read by anybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FollowerStatus:
    """caught_up: everything that was there at the start is applied; stays true.

    n_behind: offsets left of what was there at the start. delay_s: age of the newest applied record while more is known
    to wait, else 0. fault: what is wrong with the broker or the topic, empty when nothing is.
    """

    caught_up: bool
    n_behind: int
    delay_s: float
    fault: str


class Progress:
    """One follower's positions."""

    def __init__(self) -> None:
        self.caught_up = threading.Event()
        self.fault = ""
        self._ends: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._open: set[int] = set()
        self._newest_s = 0.0

    def begin(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """From where, and up to where before it counts as caught up."""
        self._next, self._ends = dict(starts), dict(ends)
        self._open = {partition for partition in ends if starts[partition] < ends[partition]}
        self.fault = ""
        self._settle()

    def advance(self, next_offsets: Mapping[int, int], newest_s: float) -> None:
        """Records were applied up to these offsets, the last one from `newest_s`."""
        self._next.update(next_offsets)
        self._newest_s = newest_s
        self.fault = ""

    def at_end(self, partition: int, offset: int) -> None:
        """A partition has nothing more to read: the last offsets of a log may be transaction markers."""
        self._next[partition] = max(offset, self._next.get(partition, 0))
        self._open.discard(partition)
        self.fault = ""
        self._settle()

    def passed_ends(self) -> Iterator[tuple[int, int]]:
        """Partitions whose end at the start has been passed: a busy log may never be seen at its end."""
        return iter([(at, self._next[at]) for at in self._open if self._next[at] >= self._ends[at]])

    def status(self, now_s: float) -> FollowerStatus:
        """As of now."""
        waiting = set(self._open)
        return FollowerStatus(
            caught_up=self.caught_up.is_set(),
            n_behind=sum(max(0, self._ends[at] - self._next[at]) for at in waiting),
            delay_s=max(0.0, now_s - self._newest_s) if waiting and self._newest_s else 0.0,
            fault=self.fault,
        )

    def _settle(self) -> None:
        if not self._open:
            self.caught_up.set()
