"""What content would have said: logged behaviour through the code that folds, publishes, reads and recommends.

Nothing is imitated. Touches are folded into states (`domain.folding`), states become profiles (`domain.publishing`),
and a profile is asked through `service.recommend.Recommender`, whose question to the ranker is caught: it holds the
content scores that serve would have handed over. Shapes: I items, E dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streams.domain.events import Event, Item, item_key
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.interests import InterestRules, threshold_above
from streams.domain.item_entries import ItemEntry, ItemNumbers, all_numbers_of
from streams.domain.newest import NewestItems
from streams.domain.popularity import Popularity
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.ranking import ScoreWeights
from streams.domain.states import UserState
from streams.ports import NeighbourIndex
from streams.ranking.feedback import Answer
from streams.ranking.live import Question, Scored
from streams.ranking.online import Touches
from streams.ranking.touch_weights import REVIEW, WHOLE
from streams.service.popular_now import PopularNow
from streams.service.recommend import Recommender
from streams.service.recommendations import Ask
from streams.service.tastes import TasteReader

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LoggedItems:
    """The catalogue by row. said: what platforms say of each item. platforms: names (I,).

    first_s: when each was first touched (I,), inf for never.
    """

    said: Sequence[Item]
    platforms: Sequence[str]
    first_s: NDArray[np.float64]

    def keys(self) -> list[str]:
        """Item keys by row; every one is another."""
        return [item_key(platform, str(row)) for row, platform in enumerate(self.platforms)]


@dataclass(frozen=True)
class Space:
    """What a profile is compared in. vectors: float32 (I, E). adapt: brings the encoder's vectors there.

    background: cosine of unrelated texts. index: empty, of E dimensions.
    """

    vectors: Floats
    adapt: Callable[[Floats], Floats]
    background: float
    index: NeighbourIndex


@dataclass(frozen=True)
class Worker:
    """How profiles come to be. vectors: float32 (I, D) of the encoder. fold, publish: the rules of the settings."""

    vectors: Floats
    fold: FoldRules
    publish: PublishRules


class ContentReplay:
    """Tell it touches in order of time; ask what content says, in any of the spaces (by name). One thread."""

    def __init__(self, items: LoggedItems, worker: Worker, spaces: Mapping[str, Space]) -> None:
        self._items, self._worker = items, worker
        self._keys = items.keys()
        self._row_of = {key: row for row, key in enumerate(self._keys)}
        # The log says what each touch weighs, and nothing of relations or of floods is asked for.
        self._rules = replace(worker.fold, weight_of=lambda _: WHOLE, max_edges=0, influence=None)
        self._states: dict[str, UserState] = {}
        self._popularity = Popularity()
        self._caught = _Caught()
        self._n_events = 0
        self._recommenders = {name: self._recommender(space) for name, space in spaces.items()}

    @property
    def spaces(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._recommenders)

    def entries_of(self, keys: Sequence[str]) -> list[ItemEntry | None]:
        """What the catalogue of serve would say; an item counts as put when it was first touched."""
        rows = [self._row_of[key] for key in keys]
        return [
            ItemEntry(self._items.platforms[row], self._items.said[row], float(self._items.first_s[row]))
            for row in rows
        ]

    def numbers_of(self, keys: Sequence[str]) -> ItemNumbers:
        """Of these entries."""
        return all_numbers_of(self.entries_of(keys))

    def platform_of(self, row: int) -> str:
        """The name of an item's platform."""
        return self._items.platforms[row]

    def observe(self, touches: Touches) -> None:
        """Fold touches of one time."""
        observed, users = [], {}
        for place, (user, row, weight) in enumerate(zip(touches.users, touches.items, touches.weights, strict=True)):
            name = str(user)
            users[name] = self._states.setdefault(name, UserState())
            observed.append(Observation(self._n_events, name, self._event(name, int(row), touches.at_s, weight), place))
            self._popularity.add(self._keys[row], self._items.said[row].category, touches.at_s, WHOLE * float(weight))
        fold(self._rules, users, observed, self._worker.vectors[touches.items])

    def scores(self, user: int, platform: str, now_s: float) -> dict[str, tuple[NDArray[np.int32], Floats]]:
        """By space, (item rows, their content scores) that serve would hand to the ranker; none for the unknown."""
        name = str(user)
        state = self._states.get(name)
        if state is None:
            return {space: (np.zeros(0, np.int32), np.zeros(0, np.float32)) for space in self._recommenders}
        profile = profile_of(self._worker.publish, name, state, Cause("update", []))
        found = {}
        for space, recommender in self._recommenders.items():
            self._caught.content = {}
            recommender.recommend(name, profile, Ask(platform=platform, diversity=0.0), now_s)
            content = self._caught.content
            rows = np.array([self._row_of[key] for key in content], np.int32)
            found[space] = rows, np.array(list(content.values()), np.float32)
        return found

    def _recommender(self, space: Space) -> Recommender:
        categories = [item.category for item in self._items.said]
        space.index.upsert(self._keys, space.vectors, self._items.platforms, categories)
        model = self._worker.publish.model
        rules = InterestRules(threshold=threshold_above(space.background))
        return Recommender(
            space.index,
            self,
            TasteReader(space.index, self, (model.name, model.version), rules, adapt=space.adapt),
            PopularNow(self._popularity, NewestItems(), self),
            ScoreWeights(background=space.background),
            behaviour=self._caught,
        )

    def _event(self, user: str, row: int, at_s: float, weight: float) -> Event:
        platform = self._items.platforms[row]
        self._n_events += 1
        return Event(
            event_id=self._n_events.to_bytes(8, "big"),
            account=f"{platform}:{user}",
            platform=platform,
            type=f"{platform}.{REVIEW}",
            occurred_at_s=at_s,
            received_at_s=at_s,
            strength=float(weight),
            item=Item(str(row)),
        )


class _Caught:
    """Meets `service.recommend.BehaviourRanker`: keeps what it is asked, and leaves the order as it is."""

    def __init__(self) -> None:
        self.content: dict[str, float] = {}

    def rank(self, question: Question, n: int) -> list[Scored]:  # noqa: ARG002 - the port's
        self.content = dict(question.content)
        return []

    def explained(self, platform: str, shown: Sequence[Scored]) -> list[Mapping[str, float]]:  # noqa: ARG002
        """Nothing is ranked here."""
        return [{} for _ in shown]

    def answered(self, answer: Answer) -> None:
        """Nobody is shown what a replay answers."""
