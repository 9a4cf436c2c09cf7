"""Items on a flat picture: where each lies, which are drawn, and the categories that they form.

The projection is fitted once for a model and kept, so a new item moves nothing and a restart draws the same picture.
Only where it was fitted to few items and there are many times more by now is it fitted anew.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.domain.events import ItemRecord
from streams.domain.projection import Places, Projection, drawn, fit, rank_of
from streams.ports import Vectors

MAX_DRAWN: Final = 20_000
MAX_SAMPLE: Final = 4_000
#: A projection of fewer than MAX_SAMPLE items is fitted anew when there are this many times more.
OUTGROWN: Final = 10
#: Categories with a colour of their own; all others share one.
MAX_CATEGORIES: Final = 10
OTHERS: Final = ""
#: Of places told one by one.
DIGITS: Final = 4
#: Places are sent as whole numbers from 0 to this.
STEPS: Final = 1_000
#: A new picture is begun no sooner than this many times the time that the last one took.
REST: Final = 20.0

Batches = Iterator[tuple[list[str], list[ItemRecord], Vectors]]


class MapItems(Protocol):
    """The catalogue. Read from threads of requests, beside its writer."""

    def next_offsets(self) -> Mapping[int, int]:
        """Differ whenever an item does."""

    def batches(self) -> Batches:
        """Every item that has a vector: keys, records, unit or zero vectors float32 (N, D)."""

    def vectors_of(self, keys: Sequence[str]) -> tuple[Vectors, NDArray[np.bool_]]:
        """(float32 (N, D), found (N,))."""


class KeptProjection(Protocol):
    """Where the projection outlives the process. Blocks for milliseconds."""

    def read(self) -> Projection | None:
        """What was written last; None when there is nothing that can be read."""

    def write(self, projection: Projection) -> None:
        """Keep it instead. Does not raise: a picture that is not kept is drawn all the same."""


class Category(msgspec.Struct, frozen=True):
    """name: empty for all others together. x, y: the median place. centre: key of the item drawn closest to it."""

    name: str
    n_items: int
    x: float
    y: float
    centre: str


@dataclass(frozen=True)
class Picture:
    """keys (N), places (N, 2) and categories (N,), indices, of what is drawn, of `n_items` in all.

    points: `{"x": [..], "y": [..], "category": [..]}` as JSON, places in steps of 1/STEPS.
    """

    keys: Sequence[str]
    places: Places
    categories: tuple[Category, ...]
    n_items: int
    points: bytes

    def nearest(self, x: float, y: float) -> str | None:
        """Key of the point drawn closest to a place."""
        if not len(self.keys):
            return None
        return self.keys[int(((self.places - (x, y)) ** 2).sum(axis=1).argmin())]


class ItemMap:
    """Any number of threads ask; one of them makes the picture anew when items changed, others get the one before."""

    def __init__(self, items: MapItems, label: str, kept: KeptProjection) -> None:
        """label: of the model whose vectors the items have."""
        self._items = items
        self._label = label
        self._kept = kept
        self._projection: Projection | None = None
        self._pictures: Mapping[str | None, Picture] = {}
        self._made_of: Mapping[int, int] | None = None
        self._rests_until_s = 0.0
        self._making = threading.Lock()

    @property
    def explained(self) -> float:
        """Part of the items' variance that the picture holds, in [0, 1]."""
        return 0.0 if self._projection is None else self._projection.explained

    def picture(self, platform: str | None = None) -> Picture:
        """All items, or one platform's. Seconds for the first of a million items, microseconds after that."""
        self._follow()
        return self._pictures.get(platform, NOTHING)

    def places_of(self, keys: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Where items lie, drawn or not; unknown ones are left out."""
        self._follow()
        if self._projection is None or not keys:
            return {}
        vectors, found = self._items.vectors_of(keys)
        known = [key for key, is_found in zip(keys, found.tolist(), strict=True) if is_found]
        places = self._projection.place(vectors[found]).round(DIGITS).tolist()
        return {key: (x, y) for key, (x, y) in zip(known, places, strict=True)}

    def _follow(self) -> None:
        is_first = self._made_of is None
        if not is_first and (time.perf_counter() < self._rests_until_s or self._items.next_offsets() == self._made_of):
            return
        if self._making.acquire(blocking=is_first):
            try:
                self._make()
            finally:
                self._making.release()

    def _make(self) -> None:
        state, began_s = self._items.next_offsets(), time.perf_counter()
        if state == self._made_of:
            return
        projection = self._projection or self._read() or self._fitted()
        if projection is not None:
            placed = _placed(projection, self._items.batches())
            if projection.n_sampled < MAX_SAMPLE and len(placed.keys) >= OUTGROWN * projection.n_sampled:
                projection = self._fitted() or projection
                placed = _placed(projection, self._items.batches())
            self._pictures = placed.pictures()
        self._projection, self._made_of = projection, state
        ended_s = time.perf_counter()
        self._rests_until_s = ended_s + REST * (ended_s - began_s)

    def _read(self) -> Projection | None:
        kept = self._kept.read()
        return kept if kept is not None and kept.label == self._label else None

    def _fitted(self) -> Projection | None:
        sample = _sample(self._items.batches())
        if not len(sample):
            return None
        projection = fit(sample, self._label)
        self._kept.write(projection)
        return projection


@dataclass(frozen=True)
class _Placed:
    keys: list[str]
    platforms: list[str]
    categories: list[str]
    places: Places

    def pictures(self) -> dict[str | None, Picture]:
        found: dict[str | None, Picture] = {None: self._picture(np.arange(len(self.keys)))}
        platforms = np.array(self.platforms)
        for platform in sorted(set(self.platforms)):
            found[platform] = self._picture(np.flatnonzero(platforms == platform))
        return found

    def _picture(self, rows: NDArray[np.int64]) -> Picture:
        places, keys = self.places[rows], [self.keys[row] for row in rows.tolist()]
        chosen = drawn(places, keys, MAX_DRAWN)
        names = [self.categories[row] for row in rows.tolist()]
        shown = _shown(names)
        codes = np.array([shown.get(name, len(shown)) for name in names], np.int64)
        keys_drawn = [keys[at] for at in chosen.tolist()]
        picture = Picture(keys_drawn, places[chosen], (), len(rows), _points(places[chosen], codes[chosen]))
        categories = [
            _category(name, places[codes == code], picture)
            for name, code in [*shown.items(), (OTHERS, len(shown))]
            if (codes == code).any()
        ]
        return Picture(picture.keys, picture.places, tuple(categories), picture.n_items, picture.points)


def _placed(projection: Projection, batches: Batches) -> _Placed:
    placed = _Placed([], [], [], np.zeros((0, 2)))
    rows = [placed.places]
    for keys, records, vectors in _with_meaning(batches):
        placed.keys.extend(keys)
        placed.platforms.extend(record.platform for record in records)
        placed.categories.extend(record.item.category for record in records)
        rows.append(projection.place(vectors))
    return _Placed(placed.keys, placed.platforms, placed.categories, np.concatenate(rows))


def _sample(batches: Batches) -> Vectors:
    """At most MAX_SAMPLE vectors, those of the lowest ranks."""
    ranks, sample = np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    for keys, _, vectors in _with_meaning(batches):
        ranks = np.append(ranks, [rank_of(key) for key in keys])
        sample = np.concatenate([sample, vectors]) if len(sample) else vectors
        lowest = np.argsort(ranks, kind="stable")[:MAX_SAMPLE]
        ranks, sample = ranks[lowest], sample[lowest]
    return sample


def _with_meaning(batches: Batches) -> Batches:
    """Without items whose texts had no content: their vectors are zero."""
    for keys, records, vectors in batches:
        rows = np.flatnonzero(vectors.any(axis=1)).tolist()
        if rows:
            yield [keys[row] for row in rows], [records[row] for row in rows], vectors[rows]


def _shown(names: Iterable[str]) -> dict[str, int]:
    """Categories with a colour of their own -> its number: the largest ones, in the order of their names."""
    counted = Counter(name for name in names if name != OTHERS)
    largest = sorted(counted, key=lambda name: (-counted[name], name))[:MAX_CATEGORIES]
    return {name: number for number, name in enumerate(sorted(largest))}


def _category(name: str, places: Places, picture: Picture) -> Category:
    x, y = np.median(places, axis=0).round(DIGITS).tolist()
    return Category(name, len(places), x, y, picture.nearest(x, y) or "")


def _points(places: Places, codes: NDArray[np.int64]) -> bytes:
    steps = np.rint(places * STEPS).astype(np.int64)
    return msgspec.json.encode({"x": steps[:, 0].tolist(), "y": steps[:, 1].tolist(), "category": codes.tolist()})


NOTHING: Final = Picture([], np.zeros((0, 2)), (), 0, _points(np.zeros((0, 2)), np.zeros(0, np.int64)))
