"""A ranker over items and people that are all known beforehand, by row: what a replay of logged behaviour begins with.

A log names people, serve hears of accounts. So people have an account on each platform here, all of them linked, and
ask as in serve, with the history of their accounts put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.ranking.behaviour import BehaviourLog
from streams.ranking.candidates import About, CandidateFinder
from streams.ranking.neighbours import Ask
from streams.ranking.persons import ASKING, assemble, link_each
from streams.ranking.ranker import Floats, Ranked, Ranker
from streams.ranking.state import Bounds, Ints
from streams.ranking.titles import Titles


@dataclass(frozen=True)
class Items:
    """The catalogue by row: titles, platform codes (I,)."""

    titles: Sequence[str]
    platform: NDArray[np.integer]
    n_platforms: int


class Asks(NamedTuple):
    """A person asks for items of a platform (code)."""

    user: int
    platform: int
    now_s: float


class PersonRanker:
    """A ranker of people who are numbered from 0. One thread."""

    def __init__(self, ranker: Ranker, n_people: int, n_platforms: int) -> None:
        self.ranker = ranker
        accounts = 1 + np.arange(n_people * n_platforms).reshape(n_people, n_platforms)
        self._accounts = accounts.astype(np.int32)
        ranker.log.make_room(0, 1 + accounts.size, n_platforms)
        link_each(ranker.log.state, self._accounts)

    def observe(
        self,
        users: NDArray[np.integer],
        items: NDArray[np.integer],
        times_s: NDArray[np.floating],
        weights: NDArray[np.floating],
    ) -> None:
        """Touches (n,), see `BehaviourLog.observe`; what runs hot is counted again."""
        log = self.ranker.log
        log.observe(self._accounts[users, log.state.item_platform[items]], items, times_s, weights)
        self.ranker.finder.hot.clear()

    def describe(
        self, asks: Asks, exclude: NDArray[np.integer], extra: Ints | None = None, only_with: int | None = None
    ) -> tuple[Ints, Floats]:
        """`Ranker.describe`. The person's latest items are no candidates, nor those to exclude."""
        ask, state = self._ask(asks), self.ranker.log.state
        known = state.user_items[ASKING, : state.user_n[ASKING]]
        about = About(np.append(known, exclude), extra, self._accounts[asks.user])
        return self.ranker.describe(ask, about, only_with)

    def rank(self, asks: Asks, exclude: NDArray[np.integer]) -> Ranked:
        """`Ranker.rank`."""
        return self.ranker.rank(self._ask(asks), About(exclude, own=self._accounts[asks.user]))

    def _ask(self, asks: Asks) -> Ask:
        assemble(self.ranker.log.state, ASKING, self._accounts[asks.user])
        return self.ranker.ask(ASKING, asks.platform, asks.now_s)


def ranker_over(items: Items, n_people: int, bounds: Bounds, *, has_shared_clock: bool = True) -> PersonRanker:
    """Nobody took to anything yet, and nothing is learnt."""
    log = BehaviourLog(items.n_platforms, bounds)
    log.make_room(len(items.titles), 0)
    log.place_items(np.arange(len(items.titles)), items.platform)
    titles = Titles()
    titles.put(range(len(items.titles)), items.titles)
    finder = CandidateFinder(titles, postings=titles.postings())
    return PersonRanker(Ranker(log, finder, has_shared_clock=has_shared_clock), n_people, items.n_platforms)
