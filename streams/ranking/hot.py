"""What runs hot on a platform now: the tops of the decayed counts, and every active item's place among them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S
from streams.ranking.state import HALF_LIVES_DAYS, BehaviourState, Ints

Floats = NDArray[np.float32]

#: Items that nobody touched for so long are not hot at any half-life.
ACTIVE_DAYS: Final = 120.0
#: Column of `item_sums` and how many of its top come in: plain at 2, 7 and 30 days, then weighted by who follows.
TOPS: Final = ((0, 60), (1, 130), (2, 100), (4, 110), (5, 40))
#: The column that places are counted by: a week's count, weighted by how much those who touched follow what is new.
PLACED_BY: Final = 4
#: ln(1 + place) of an item that is not active.
NO_PLACE: Final = 8.0


class HotItems:
    """Tops by platform, counted again when the time asked for moves on by more than `refresh_s`."""

    def __init__(self, refresh_s: float = 0.0) -> None:
        self._refresh_s = refresh_s
        self._counted: dict[int, tuple[float, Ints, Floats]] = {}

    def at(self, state: BehaviourState, platform: int, now_s: float) -> tuple[Ints, Floats]:
        """(item rows, rising; ln(1 + place) of every item (I,)) as of `now_s` or at most `refresh_s` before."""
        known = self._counted.get(platform)
        if known is not None:
            counted_s, rows, places = known
            if 0.0 <= now_s - counted_s <= self._refresh_s and len(places) == len(state.item_n):
                return rows, places
        rows, places = _count(state, platform, now_s)
        self._counted[platform] = (now_s, rows, places)
        return rows, places

    def clear(self) -> None:
        """Count again at the next call: the state has changed, time has not."""
        self._counted.clear()


def _count(state: BehaviourState, platform: int, now_s: float) -> tuple[Ints, Floats]:
    is_active = (state.item_platform == platform) & (state.item_total > 0)
    active = np.flatnonzero(is_active & (state.item_last_s >= now_s - ACTIVE_DAYS * DAY_S))
    days = np.maximum(now_s - state.item_last_s[active], 0.0) / DAY_S
    heats = state.item_sums[active] * np.exp2(-days[:, None] / np.tile(HALF_LIVES_DAYS, 2))
    tops = [active[np.argsort(-heats[:, column], kind="stable")[:n]] for column, n in TOPS]
    places = np.full(len(state.item_n), NO_PLACE, np.float32)
    places[active[np.argsort(-heats[:, PLACED_BY], kind="stable")]] = np.log1p(np.arange(len(active)))
    return np.unique(np.concatenate(tops)).astype(np.int32), places
