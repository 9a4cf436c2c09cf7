"""From a published profile to what an index can be asked: the person's interests as queries, and what to leave out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log
from statistics import median
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from streams.domain.interests import InterestEvent, InterestRules, group_interests, label_of
from streams.domain.item_entries import ItemEntry, ItemNumbers
from streams.domain.profiles import ProfileRecord, RecentEvent
from streams.domain.sensitive import SensitiveTags
from streams.ports import NeighbourIndex, Vectors
from streams.ranking import grouping

#: How much a candidate found by each query counts. The heaviest interest counts 1; the others in between; the
#: averages over everything come last: they hold what interests lack (own words, older events) but blur them.
LEAST_INTEREST: Final = 0.7
SHORT_STRENGTH: Final = 0.8
LONG_STRENGTH: Final = 0.7
SHORT_LABEL: Final = "recent activity"
LONG_LABEL: Final = "lasting taste"


Adapt = Callable[[Vectors], Vectors]
"""Vectors of the encoder (N, D) to those of a space, unit rows (N, E); a zero row stays zero."""


class Items(Protocol):
    """Items by key, local."""

    def entries_of(self, keys: Sequence[str]) -> list[ItemEntry | None]:
        """In the order of the keys, None for unknown ones."""

    def numbers_of(self, keys: Sequence[str]) -> ItemNumbers:
        """In the order of the keys; a tenth of the time where there are many."""


@dataclass(frozen=True)
class Interest:
    """An interest of a profile. vector: float32 (D,). events: its evidence, heaviest first."""

    label: str
    mass: float
    vector: Vectors
    events: tuple[RecentEvent, ...]


@dataclass(frozen=True)
class Taste:
    """Queries float32 (Q, D) with strengths (Q,) and labels; interests come first among them.

    own: events with positive weight whose items have vectors own_vectors (E, D). disliked: (X, D). seen: item keys.
    usual_log_price: ln of the median price of what the person took to, or None.
    """

    queries: Vectors
    strengths: NDArray[np.float64]
    labels: tuple[str, ...]
    interests: tuple[Interest, ...]
    own: tuple[RecentEvent, ...]
    own_entries: tuple[ItemEntry | None, ...]
    own_vectors: Vectors
    disliked: Vectors
    seen: frozenset[str]
    usual_log_price: float | None


def as_encoded(vectors: Vectors) -> Vectors:
    """The encoder's own space."""
    return vectors


@dataclass(frozen=True)
class TasteReader:
    """model: (name, version) whose vectors the index holds; a profile's vectors of another model are left out.

    sensitive: what no interest is called after. adapt: brings vectors of the model (N, D) into the index's space, as
    the vectors in it were.
    """

    index: NeighbourIndex
    items: Items
    model: tuple[str, str]
    rules: InterestRules = field(default_factory=InterestRules)
    sensitive: SensitiveTags | None = None
    adapt: Adapt = as_encoded

    def read(self, profile: ProfileRecord) -> Taste:
        """What the profile says. Deterministic for a revision and an index."""
        without_share = _without_share(profile)
        counted = [event for event in profile.recent if event.item and event.platform not in without_share]
        keys, item_vectors = self.index.vectors_of(list(dict.fromkeys(event.item for event in counted)))
        row_of = {key: row for row, key in enumerate(keys)}
        placed = [event for event in counted if event.item in row_of]
        entries = self.items.entries_of([event.item for event in placed])
        if profile.blocked_tags:
            blocked = frozenset(profile.blocked_tags)
            kept = [at for at, entry in enumerate(entries) if entry is None or not carries(entry, blocked)]
            placed, entries = [placed[at] for at in kept], [entries[at] for at in kept]
        vectors = item_vectors[[row_of[event.item] for event in placed]]  # (len(placed), D)
        interests = self._interests(placed, entries, vectors, profile.as_of)
        liked = [at for at, event in enumerate(placed) if event.weight > 0.0]
        disliked = [at for at, event in enumerate(placed) if event.weight < 0.0]
        queries, strengths, labels = self._queries(profile, interests)
        return Taste(
            queries=queries,
            strengths=strengths,
            labels=labels,
            interests=interests,
            own=tuple(placed[at] for at in liked),
            own_entries=tuple(entries[at] for at in liked),
            own_vectors=vectors[liked],
            disliked=vectors[disliked],
            seen=frozenset(event.item for event in profile.recent if event.item),
            usual_log_price=_usual_log_price([entries[at] for at in liked]),
        )

    def _interests(
        self, placed: list[RecentEvent], entries: list[ItemEntry | None], vectors: Vectors, as_of_s: float
    ) -> tuple[Interest, ...]:
        events = [InterestEvent(event.id, event.item, event.weight, event.time) for event in placed]
        found = []
        for group in group_interests(events, vectors, as_of_s, self.rules, grouping.pairs):
            named = [(entry, placed[at].weight) for at in group.members if (entry := entries[at]) is not None]
            evidence = tuple(placed[at] for at in group.members)
            found.append(Interest(label_of(named, self.sensitive), group.mass, group.vector, evidence))
        return tuple(found)

    def _queries(
        self, profile: ProfileRecord, interests: tuple[Interest, ...]
    ) -> tuple[Vectors, NDArray[np.float64], tuple[str, ...]]:
        rows = [interest.vector for interest in interests]
        most = interests[0].mass if interests else 1.0
        strengths = [LEAST_INTEREST + (1.0 - LEAST_INTEREST) * interest.mass / most for interest in interests]
        labels = [interest.label for interest in interests]
        if (profile.model.name, profile.model.version) == self.model:
            averages = (
                (profile.vectors.short, SHORT_STRENGTH, SHORT_LABEL),
                (profile.vectors.long, LONG_STRENGTH, LONG_LABEL),
            )
            for raw, strength, label in averages:
                if len(raw) == 2 * profile.model.dim:
                    rows.append(self.adapt(np.frombuffer(raw, np.float16).astype(np.float32)[None])[0])
                    strengths.append(strength)
                    labels.append(label)
        queries = np.stack(rows) if rows else np.zeros((0, self.index.dim), np.float32)
        return queries, np.array(strengths), tuple(labels)


def carries(entry: ItemEntry, tags: frozenset[str]) -> bool:
    """Whether an item has one of the tags."""
    return bool(tags) and not tags.isdisjoint(entry.tags)


def _without_share(profile: ProfileRecord) -> frozenset[str]:
    """Platforms without a share in the unified view (ads, by default) make no interests either."""
    return frozenset(name for name, block in profile.platforms.items() if block.share <= 0.0 and block.mass != 0.0)


def _usual_log_price(entries: list[ItemEntry | None]) -> float | None:
    prices = [entry.item.price for entry in entries if entry is not None]
    known = [log(price) for price in prices if price is not None and price > 0.0]
    return median(known) if known else None
