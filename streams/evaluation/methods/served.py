"""The list that serve would answer with, as a method of the evaluation: profiles, their feed, recommender and ranker.

What is told is folded into profiles with the bounds of the settings, each change is fed to the ranker as serve feeds
it, and a request asks the recommender of serve. The networks learn nothing on the way, and no answer is feedback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from streams.domain.profiles import ProfileRecord
from streams.evaluation.catalogue import Catalogue
from streams.evaluation.methods.port import Ranking, Requests, Step
from streams.ranking.online import Touches
from streams.service.recommend import Recommender
from streams.service.recommendations import Ask
from streams.training.replayed_profiles import ReplayedProfiles


class Feed(Protocol):
    """`serve.behaviour_feed.BehaviourFeed`, which tells the ranker that the recommender asks."""

    def profiles_changed(self, changes: Sequence[tuple[ProfileRecord | None, ProfileRecord | None]]) -> None:
        """Each first record of a pair gave way to the second; None is nobody."""


@dataclass(frozen=True)
class ServedPath:
    """Everything between an event and an answer, with nothing observed. The feed knows the items already."""

    profiles: ReplayedProfiles
    recommender: Recommender
    feed: Feed


@dataclass(frozen=True)
class Wish:
    """k: items of an answer; what comes after them counts as unlisted. diversity in [0, 1], see `Ask`."""

    k: int
    diversity: float


class ServedMethod:
    """See the module. One thread; needs a clock that people share."""

    def __init__(self, name: str, path: ServedPath, wish: Wish, catalogue: Catalogue) -> None:
        self.name = name
        self._path, self._wish, self._catalogue = path, wish, catalogue
        self._heads: dict[int, ProfileRecord | None] = {}

    def learn(self, step: Step) -> None:
        """Fold, publish, feed: what happened at one time is one batch of the worker."""
        profiles, users = self._path.profiles, np.unique(step.users).tolist()
        profiles.observe(Touches(step.users, step.items, float(step.times_s[0]), step.weights))
        published = profiles.profiles_of(users)
        changes = [(self._heads.get(user), head) for user, head in zip(users, published, strict=True)]
        self._path.feed.profiles_changed(changes)
        self._heads.update(zip(users, published, strict=True))

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """The answers, best first."""
        asked = zip(requests.users.tolist(), requests.platforms.tolist(), requests.times_s.tolist(), strict=True)
        return [self._answer(user, self._catalogue.platforms[code], now_s) for user, code, now_s in asked]

    def _answer(self, user: int, platform: str, now_s: float) -> Ranking:
        ask = Ask(platform=platform, k=self._wish.k, diversity=self._wish.diversity)
        answer = self._path.recommender.recommend(str(user), self._heads.get(user), ask, now_s)
        row_of = self._path.profiles.row_of
        return Ranking(np.array([row_of[item.key] for item in answer.items], np.intp))
