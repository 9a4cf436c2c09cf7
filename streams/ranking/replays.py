"""A ranker over items that are all known beforehand, by row: what a replay of logged behaviour begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.ranking.behaviour import BehaviourLog
from streams.ranking.candidates import CandidateFinder
from streams.ranking.ranker import Ranker
from streams.ranking.state import Bounds
from streams.ranking.titles import Titles


@dataclass(frozen=True)
class Items:
    """The catalogue by row: titles, platform codes (I,)."""

    titles: Sequence[str]
    platform: NDArray[np.integer]
    n_platforms: int


def ranker_over(items: Items, n_users: int, bounds: Bounds, *, has_shared_clock: bool = True) -> Ranker:
    """Nobody took to anything yet, and nothing is learnt. Rows of people are 0 to n_users - 1."""
    log = BehaviourLog(items.n_platforms, bounds)
    log.make_room(len(items.titles), n_users)
    log.place_items(np.arange(len(items.titles)), items.platform)
    titles = Titles()
    titles.put(range(len(items.titles)), items.titles)
    return Ranker(log, CandidateFinder(titles, postings=titles.postings()), has_shared_clock=has_shared_clock)
