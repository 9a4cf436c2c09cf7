"""Ranking that learns as behaviour comes in: whatever somebody takes to is an example, with what was on offer before.

An example is logged before its event is observed, so that no feature knows its answer. From time to time (event time)
the learners pass over the latest examples, and the re-rankers that serve are exchanged. Deterministic for the same seed
and calls. One thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S
from streams.ranking.features import FEATURES
from streams.ranking.learning import Learner, LearningRules
from streams.ranking.replays import Asks, PersonRanker
from streams.ranking.request_log import RequestLog
from streams.ranking.reranker import Reranker

Rows = NDArray[np.integer]


@dataclass(frozen=True)
class OnlineRules:
    """every_days: event time between two rounds of learning. first_passes, later_passes: over the examples.

    least_examples: before so many there is nothing to learn from. max_examples: the latest that count. n_learners:
    networks that are averaged; their errors differ by where they began.
    """

    every_days: float = 30.0
    first_passes: int = 4
    later_passes: int = 1
    least_examples: int = 300
    max_examples: int = 20_000
    n_learners: int = 3
    learning: LearningRules = field(default_factory=LearningRules)


@dataclass(frozen=True)
class Touches:
    """n touches of one time. users, items: rows (n,). weights: (n,), > 0."""

    users: Rows
    items: Rows
    at_s: float
    weights: NDArray[np.floating]


class OnlineRanker:
    """A ranker, its examples and its learners."""

    def __init__(self, people: PersonRanker, rules: OnlineRules | None = None, seed: int = 0) -> None:
        self.people, self.ranker = people, people.ranker
        self.rules = rules or OnlineRules()
        self.examples = RequestLog(self.rules.max_examples, seed)
        self._learners = [Learner.continued(known, self.rules.learning, seed) for known in self.ranker.rerankers]
        self._random = np.random.default_rng(seed)
        self._seed = seed
        self._due_s = -np.inf

    def take_in(self, touches: Touches) -> None:
        """Learn if it is due, log one example a person (drawn: a day's touches are no alternatives), then observe."""
        self.learn_if_due(touches.at_s)
        order = self._random.permutation(len(touches.users))
        _, first = np.unique(touches.users[order], return_index=True)
        for at in order[first].tolist():
            user, item = int(touches.users[at]), int(touches.items[at])
            self.log_example(user, item, touches.at_s, touches.items[touches.users == user])
        self.observe(touches)

    def observe(self, touches: Touches) -> None:
        """Take touches into the state without learning from them."""
        times_s = np.full(len(touches.users), touches.at_s)
        self.people.observe(touches.users, touches.items, times_s, touches.weights)

    def log_example(self, user: int, taken: int, at_s: float, together: Rows) -> None:
        """Log what was on offer when `taken` was; together: rows taken at the same time, no alternatives to it.

        Nothing is logged when the candidates lacked it: the re-ranker orders candidates, it finds none.
        """
        asks = Asks(user, int(self.ranker.log.state.item_platform[taken]), at_s)
        rows, features = self.people.describe(asks, together[together != taken], only_with=taken)
        if len(rows) > 1:
            self.examples.add(features, int(np.flatnonzero(rows == taken)[0]))

    def learn_if_due(self, now_s: float) -> None:
        """Pass over the latest examples when a period of event time has gone by."""
        if now_s >= self._due_s:
            self._due_s = now_s + self.rules.every_days * DAY_S
            self.learn(self.rules.later_passes if self._learners else self.rules.first_passes)

    def learn(self, n_passes: int) -> None:
        """Pass over the examples and exchange the re-rankers; too few of them change nothing."""
        if len(self.examples) < self.rules.least_examples:
            return
        examples = self.examples.latest(self.rules.max_examples)
        if not self._learners:
            self._learners = _begun(self.rules, self._seed)
            for learner in self._learners:
                learner.fit_scales(examples)
        for learner in self._learners:
            learner.fit(examples, n_passes)
        self.ranker.rerankers = self.rerankers()

    def rerankers(self) -> tuple[Reranker, ...]:
        """What the learners have learnt so far."""
        return tuple(learner.reranker() for learner in self._learners)


def _begun(rules: OnlineRules, seed: int) -> list[Learner]:
    return [Learner(FEATURES, rules.learning, seed + at) for at in range(rules.n_learners)]
