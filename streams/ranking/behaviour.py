"""The log of behaviour, bounded and by row: who took to what lately, and how hot each item runs.

One writer at a time; a reader must not read while it writes (`Ranker` holds the lock). Only what people take to comes
in: weights are positive. What is forgotten leaves no reference: the decayed counts are sums over everybody, and fade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking.observing import drop_ids, observe_step
from streams.ranking.persons import unlink
from streams.ranking.state import MASS, BehaviourState, Bounds, Ints, empty_state, grown

#: When a bound is passed, this part goes at once, the longest idle first.
PRUNED_PART: Final = 0.1
SMALLEST: Final = 1_024


class BehaviourLog:
    """Rows of people and items are small whole numbers that the caller gives out, see `Rows`."""

    def __init__(self, n_platforms: int, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.state = empty_state(SMALLEST, SMALLEST, n_platforms, self.bounds)

    def make_room(self, n_items: int, n_users: int, n_platforms: int = 0) -> None:
        """Room for rows below these numbers; arrays double, so that growing is rare."""
        state = self.state
        have = (*state.item_users.shape[:1], *state.user_totals.shape)
        need = (n_items, n_users, n_platforms)
        if any(wanted > there for wanted, there in zip(need, have, strict=True)):
            rows = [
                max(wanted, 2 * there) if wanted > there else there
                for wanted, there in zip(need[:2], have[:2], strict=True)
            ]
            self.state = grown(state, rows[0], rows[1], max(need[2], have[2]), self.bounds)

    def place_items(self, rows: NDArray[np.integer], platforms: NDArray[np.integer]) -> None:
        """Say which platform (code) each item is of; an item that nobody placed is no candidate."""
        self.state.item_platform[rows] = platforms

    def observe(
        self,
        users: NDArray[np.integer],
        items: NDArray[np.integer],
        times_s: NDArray[np.floating],
        weights: NDArray[np.floating] | None = None,
    ) -> None:
        """Touches (n,) in any order; those of the same second are one step. Late ones count what time has left of them.

        weights: > 0, 1 (by default) for what a review says.
        """
        seconds = np.floor(times_s)
        order = np.argsort(seconds, kind="stable")
        weights = np.ones(len(users)) if weights is None else weights
        users32, items32 = users[order].astype(np.int32), items[order].astype(np.int32)
        weights64, seconds = weights[order].astype(np.float64), seconds[order]
        for part in np.split(np.arange(len(order)), np.flatnonzero(np.diff(seconds)) + 1):
            if len(part):
                observe_step(self.state, users32[part], items32[part], float(seconds[part[0]]), weights64[part])

    def forget_users(self, rows: Sequence[int]) -> None:
        """Leave no reference to these people; their rows may be used again."""
        gone = _marks(rows, len(self.state.user_n))
        drop_ids(self.state.item_users, self.state.item_times_s, self.state.item_n, gone)
        unlink(self.state, rows)
        for array in _of("user_", self.state):
            array[gone] = 0
        self.state.user_next[rows] = self.state.user_person[rows] = rows

    def remove_items(self, rows: Sequence[int]) -> None:
        """Leave no reference to these items; their rows may be used again."""
        gone = _marks(rows, len(self.state.item_n))
        drop_ids(self.state.user_items, self.state.user_times_s, self.state.user_n, gone)
        for array in _of("item_", self.state):
            array[gone] = 0
        self.state.item_platform[gone] = -1

    def idle_users(self, n: int) -> Ints:
        """Of the people with touches, the n who did nothing for longest."""
        active = np.flatnonzero(self.state.user_habits[:, MASS] > 0.0)
        return _oldest(active, self.state.user_last_s, n)

    def idle_items(self, n: int) -> Ints:
        """Of the items that were placed, the n that nobody touched for longest, untouched ones first."""
        return _oldest(np.flatnonzero(self.state.item_platform >= 0), self.state.item_last_s, n)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """For `np.savez`; `from_arrays` reads it back."""
        return dict(self.state._asdict())

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[np.generic]], bounds: Bounds | None = None) -> BehaviourLog:
        """The log that `to_arrays` came from. bounds: may keep more than it did, not less."""
        kept = {name: np.array(arrays[name]) for name in BehaviourState._fields}
        state = BehaviourState(**kept)
        n_users, n_platforms = state.user_totals.shape
        log = BehaviourLog(n_platforms, bounds)
        log.state = grown(state, len(state.item_n), n_users, n_platforms, log.bounds)
        return log


def _of(prefix: str, state: BehaviourState) -> list[NDArray[np.generic]]:
    return [array for name, array in state._asdict().items() if name.startswith(prefix)]


def _marks(rows: Sequence[int], n: int) -> NDArray[np.bool_]:
    marks = np.zeros(n, dtype=np.bool_)
    marks[list(rows)] = True
    return marks


def _oldest(rows: NDArray[np.intp], times_s: NDArray[np.float64], n: int) -> Ints:
    oldest: Ints = rows[np.argsort(times_s[rows], kind="stable")[:n]].astype(np.int32)
    return oldest
