"""What content would have said: a replayed profile is asked, and the recommender's question to the ranker is caught.

It holds the content scores that serve would have handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from streams.ranking.feedback import Answer
from streams.ranking.live import Question, Scored
from streams.ranking.online import Touches
from streams.service.recommendations import Ask
from streams.training.replayed_profiles import Floats, LoggedItems, ReplayedProfiles, Space, Worker


class ContentReplay:
    """Tell it touches in order of time; ask what content says, in any of the spaces (by name). One thread."""

    def __init__(self, items: LoggedItems, worker: Worker, spaces: Mapping[str, Space]) -> None:
        self._items = items
        self._profiles = ReplayedProfiles(items, worker)
        self._caught = _Caught()
        self._recommenders = {name: self._profiles.recommender(space, self._caught) for name, space in spaces.items()}

    @property
    def spaces(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._recommenders)

    def platform_of(self, row: int) -> str:
        """The name of an item's platform."""
        return self._items.platforms[row]

    def observe(self, touches: Touches) -> None:
        """Fold touches of one time."""
        self._profiles.observe(touches)

    def scores(self, user: int, platform: str, now_s: float) -> dict[str, tuple[NDArray[np.int32], Floats]]:
        """By space, (item rows, their content scores) that serve would hand to the ranker; none for the unknown."""
        [profile] = self._profiles.profiles_of([user])
        if profile is None:
            return {space: (np.zeros(0, np.int32), np.zeros(0, np.float32)) for space in self._recommenders}
        found = {}
        for space, recommender in self._recommenders.items():
            self._caught.content = {}
            recommender.recommend(profile.profile_id, profile, Ask(platform=platform, diversity=0.0), now_s)
            content = self._caught.content
            rows = np.array([self._profiles.row_of[key] for key in content], np.int32)
            found[space] = rows, np.array(list(content.values()), np.float32)
        return found


class _Caught:
    """Meets `service.recommend.BehaviourRanker`: keeps what it is asked, and leaves the order as it is."""

    def __init__(self) -> None:
        self.content: dict[str, float] = {}

    def rank(self, question: Question, n: int) -> list[Scored]:  # noqa: ARG002 - the port's
        self.content = dict(question.content)
        return []

    def weighed(self, platform: str, ranked: Sequence[Scored], content: Sequence[float]) -> list[Scored]:  # noqa: ARG002
        """Nothing was ranked."""
        return list(ranked)

    def explained(self, platform: str, shown: Sequence[Scored]) -> list[Mapping[str, float]]:  # noqa: ARG002
        """Nothing is ranked here."""
        return [{} for _ in shown]

    def answered(self, answer: Answer) -> None:
        """Nobody is shown what a replay answers."""
