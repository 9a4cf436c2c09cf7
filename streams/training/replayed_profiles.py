"""Logged touches through the code that folds, publishes and recommends: profiles as of any moment of a replay.

Nothing is imitated. Touches are folded into states (`domain.folding`), states become profiles (`domain.publishing`),
and a profile is asked through `service.recommend.Recommender`. Shapes: I items, D and E dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streams.domain.events import Event, Item, item_key
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.interests import InterestRules, threshold_above
from streams.domain.item_entries import ItemEntry, ItemNumbers, all_numbers_of
from streams.domain.newest import NewestItems
from streams.domain.popularity import Popularity
from streams.domain.profiles import ProfileRecord
from streams.domain.publishing import Cause, Changed, PublishRules, profiles_of
from streams.domain.ranking import ScoreWeights
from streams.domain.states import UserState
from streams.ports import NeighbourIndex
from streams.ranking.online import Touches
from streams.ranking.touch_weights import REVIEW, WHOLE
from streams.service.popular_now import PopularNow
from streams.service.recommend import BehaviourRanker, Recommender
from streams.service.tastes import TasteReader

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LoggedItems:
    """The catalogue by row. said: what platforms say of each item. platforms: names (I,)."""

    said: Sequence[Item]
    platforms: Sequence[str]

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


class ReplayedProfiles:
    """Tell it touches in order of time; it has the profiles, and the catalogue as serve would describe it. One thread.

    A person has an account on each platform, all of them linked.
    """

    def __init__(self, items: LoggedItems, worker: Worker) -> None:
        self._items, self._worker = items, worker
        self.keys = items.keys()
        self.row_of = {key: row for row, key in enumerate(self.keys)}
        self._popularity = Popularity()
        # The log says what each touch weighs, and nothing of relations or of floods is asked for.
        self._rules = replace(worker.fold, weight_of=lambda _: WHOLE, max_edges=0, influence=None)
        self._states: dict[str, UserState] = {}
        self._first_s = np.full(len(self.keys), np.inf)
        self._n_events = 0

    def entries_of(self, keys: Sequence[str]) -> list[ItemEntry | None]:
        """What the catalogue of serve would say; an item counts as put when it was first touched."""
        rows = [self.row_of[key] for key in keys]
        return [
            ItemEntry(self._items.platforms[row], self._items.said[row], float(self._first_s[row])) for row in rows
        ]

    def numbers_of(self, keys: Sequence[str]) -> ItemNumbers:
        """Of these entries."""
        return all_numbers_of(self.entries_of(keys))

    def observe(self, touches: Touches) -> None:
        """Fold touches of one time; a weight below 0 is what somebody turned away from."""
        observed, users = [], {}
        for place, (user, row, weight) in enumerate(zip(touches.users, touches.items, touches.weights, strict=True)):
            name = str(user)
            users[name] = self._states.setdefault(name, UserState())
            observed.append(Observation(self._n_events, name, self._event(name, int(row), touches.at_s, weight), place))
            if weight > 0.0:
                category = self._items.said[row].category
                self._popularity.add(self.keys[row], category, touches.at_s, WHOLE * float(weight))
        fold(self._rules, users, observed, self._worker.vectors[touches.items])
        np.minimum.at(self._first_s, touches.items, touches.at_s)

    def profiles_of(self, users: Iterable[int]) -> list[ProfileRecord | None]:
        """As the worker would publish them now, in order; None for somebody who did nothing yet."""
        names = [str(user) for user in users]
        known = [name for name in names if name in self._states]
        update = Cause("update", [])
        changed = [Changed(name, self._states[name], update) for name in known]
        found = dict(zip(known, profiles_of(self._worker.publish, changed), strict=True))
        return [found.get(name) for name in names]

    def recommender(self, space: Space, behaviour: BehaviourRanker | None) -> Recommender:
        """What serve asks, over this catalogue, whose vectors go into the index of the space.

        behaviour: None leaves it to content.
        """
        categories = [item.category for item in self._items.said]
        space.index.upsert(self.keys, space.vectors, self._items.platforms, categories)
        model = self._worker.publish.model
        rules = InterestRules(threshold=threshold_above(space.background))
        return Recommender(
            space.index,
            self,
            TasteReader(space.index, self, (model.name, model.version), rules, adapt=space.adapt),
            PopularNow(self._popularity, NewestItems(), self),
            ScoreWeights(background=space.background),
            behaviour=behaviour,
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
