"""Braid's own ranking (`streams.ranking`) as a method of the evaluation.

The re-ranker learns as the replay goes (`streams.ranking.online`), from nothing but what came before. Until there is
enough of that it ranks by decayed popularity. Where people share no clock everything comes in one step; then each
person's last known events are what the re-ranker learns from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.evaluation.catalogue import Catalogue
from streams.evaluation.methods.port import Ranking, Requests, Setting, Step
from streams.ranking.online import OnlineRanker, OnlineRules, Touches
from streams.ranking.replays import Asks, Items, ranker_over
from streams.ranking.state import Bounds

#: Where nothing fades, more people an item are worth keeping: there is no "lately" to choose them by.
WITHOUT_CLOCK: Final = Bounds(item_touches=200)
#: Everything is learnt at once then, so in more passes.
LEARNING_WITHOUT_CLOCK: Final = OnlineRules(first_passes=12, max_examples=30_000)
#: Without a clock: each person's last events, one a round, are what the re-ranker learns from.
N_ROUNDS: Final = 3
#: Least events of a person before one that is learnt from.
LEAST_KNOWN: Final = 2


class BraidMethod:
    """See the module. One thread; the same setting and calls give the same rankings."""

    name = "braid"

    def __init__(self, setting: Setting) -> None:
        catalogue, has_clock = setting.catalogue, setting.has_shared_clock
        items = Items(_texts(catalogue), catalogue.platform, len(catalogue.platforms))
        bounds = Bounds() if has_clock else WITHOUT_CLOCK
        people = ranker_over(items, setting.n_users, bounds, has_shared_clock=has_clock)
        rules = OnlineRules() if has_clock else LEARNING_WITHOUT_CLOCK
        self._online = OnlineRanker(people, rules, setting.seed)
        self._has_clock = has_clock
        self._held_back: Step | None = None

    def learn(self, step: Step) -> None:
        """Log examples of the re-ranker, then take all in. What people turned away from is no touch."""
        if not self._has_clock:
            self._held_back = step
            return
        rows = np.flatnonzero(step.weights > 0.0)
        if len(rows):
            self._online.take_in(_touches(step, rows))

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """Candidates only; the rest counts as unlisted."""
        if not self._has_clock:
            self._learn_without_clock()
        elif len(requests):
            self._online.learn_if_due(float(requests.times_s.min()))
        people = self._online.people
        rankings = []
        for user, platform, now_s, seen in zip(
            requests.users, requests.platforms, requests.times_s, requests.seen, strict=True
        ):
            ranked = people.rank(Asks(int(user), int(platform), float(now_s)), seen)
            rankings.append(Ranking(ranked.rows.astype(np.intp), ranked.scores.astype(np.float64)))
        return rankings

    def _learn_without_clock(self) -> None:
        """Everything but each person's last events; then, round by round, examples of the next one, and it too."""
        step, self._held_back = self._held_back, None
        if step is None:
            return
        from_end, from_start = _places(step.users)
        is_early = (from_end >= N_ROUNDS) | (from_start < LEAST_KNOWN)
        self._observe(step, np.flatnonzero(is_early))
        for rounds_left in reversed(range(N_ROUNDS)):
            rows = np.flatnonzero((from_end == rounds_left) & ~is_early)
            for at in rows.tolist():
                taken = int(step.items[at])
                self._online.log_example(int(step.users[at]), taken, float(step.times_s[at]), step.items[at : at + 1])
            self._observe(step, rows)
        self._online.learn(LEARNING_WITHOUT_CLOCK.first_passes)

    def _observe(self, step: Step, rows: NDArray[np.intp]) -> None:
        people = self._online.people
        people.observe(step.users[rows], step.items[rows], step.times_s[rows], step.weights[rows])


def braid(setting: Setting) -> BraidMethod:
    """The method as `MakeMethod`."""
    return BraidMethod(setting)


def _touches(step: Step, rows: NDArray[np.intp]) -> Touches:
    return Touches(step.users[rows], step.items[rows], float(step.times_s[0]), step.weights[rows])


def _places(users: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(events of the same person after each event, and before it), (n,) each, in the order given."""
    order = np.argsort(users, kind="stable")
    _, starts, counts = np.unique(users[order], return_index=True, return_counts=True)
    before = np.zeros(len(users), np.intp)
    before[order] = np.arange(len(users)) - np.repeat(starts, counts)
    total = np.zeros(len(users), np.intp)
    total[order] = np.repeat(counts, counts)
    return total - before - 1, before


def _texts(catalogue: Catalogue) -> list[str]:
    """Title and attributes of each item; an attribute is one word, so that it does not meet words of titles."""
    return [
        " ".join([title, *("is" + "".join(filter(str.isalnum, attribute)) for attribute in attributes)])
        for title, attributes in zip(catalogue.titles, catalogue.attributes, strict=True)
    ]
