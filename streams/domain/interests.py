"""Several interests kept apart: a person's recent events, grouped by what their items mean.

Cooking and football do not average. Groups grow by agglomeration: the two closest merge as long as their cosine reaches
the threshold. Events are put in the order of their ids first, so the same events give the same interests in whatever
order they came. Shapes: N events, D dimensions, G groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S
from streams.domain.item_entries import ItemEntry
from streams.domain.sensitive import SensitiveTags
from streams.domain.tags import split_tag

Vectors = NDArray[np.float32]
Products = NDArray[np.float64]
Pairs = NDArray[np.int64]
Weights = NDArray[np.float64]
Merges = Callable[[Products, float], Pairs]

#: What a label is taken from, best first: the widest word that still says something.
LABEL_KINDS: Final = ("category", "topic", "person", "brand", "color")
LABEL_WORDS: Final = 4
#: What decay leaves of very old events: far below every digit that counts, and float32 loses its norm.
LEAST_WEIGHT: Final = 1e-9


@dataclass(frozen=True)
class InterestRules:
    """threshold: least cosine at which two groups are one interest; encoders differ, see `threshold_above`.

    half_life_s: of an event's weight. max_events: the latest that count. push: part of a disliked item's weight that
    moves a close interest away from it (Rocchio's gamma over beta).
    """

    threshold: float = 0.5
    half_life_s: float = 14 * DAY_S
    max_interests: int = 5
    max_events: int = 100
    push: float = 0.25


class InterestEvent(NamedTuple):
    """An event whose item has a vector. weight: signed. item: the item's key."""

    event_id: str
    item: str
    weight: float
    at_s: float


@dataclass(frozen=True)
class InterestGroup:
    """vector: float32 (D,), unit norm. mass: decayed weight, > 0. members: positions of its events, heaviest first."""

    vector: Vectors
    mass: float
    members: tuple[int, ...]


@dataclass(slots=True)
class _Groups:
    """sums: float32 (G, D), Σ weight·vector. masses: (G,). members: positions of the events of each."""

    sums: Vectors
    masses: Weights
    members: list[list[int]]

    def join(self, pairs: Iterable[tuple[int, int]]) -> Self:
        """Each pair, in their order: the second goes into the first, and is nothing from then on."""
        gone = set()
        for first, second in pairs:
            self.sums[first] += self.sums[second]
            self.masses[first] += self.masses[second]
            self.members[first] += self.members[second]
            gone.add(second)
        left = [at for at in range(len(self.members)) if at not in gone]
        return type(self)(self.sums[left], self.masses[left], [self.members[at] for at in left])


def threshold_above(background: float, strictness: float = 0.25) -> float:
    """The threshold for an encoder whose unrelated texts have cosine `background` on average.

    Encoders use different parts of the scale: unrelated texts lie near 0 with MiniLM and near .8 with E5. strictness:
    how far between there and 1; titles of one subject lie .25 to .45 above with MiniLM, of different ones below .15.

    >>> round(threshold_above(0.0), 3), round(threshold_above(0.8), 3)
    (0.25, 0.85)
    """
    floor = min(max(background, 0.0), 1.0)
    return floor + (1.0 - floor) * strictness


def group_interests(
    events: Sequence[InterestEvent],
    vectors: Vectors,
    as_of_s: float,
    rules: InterestRules,
    merges: Merges | None = None,
) -> list[InterestGroup]:
    """At most `max_interests` groups, heaviest first. vectors: float32 (N, D), unit rows, one an event.

    merges: `closest_pairs` or what does the same sooner. Only events with positive weight make interests; a negative
    one takes mass from the interests it is close to and turns them away from it.

    >>> axes = np.eye(2, dtype=np.float32)
    >>> events = [InterestEvent("e1", "shop:1", 1.0, 0.0), InterestEvent("e2", "news:1", 2.0, 0.0)]
    >>> [(group.mass, group.members) for group in group_interests(events, axes, 0.0, InterestRules())]
    [(2.0, (1,)), (1.0, (0,))]
    """
    rows = _latest(events, rules.max_events)
    weights = _decayed(events, as_of_s, rules.half_life_s)
    counts = (weights > LEAST_WEIGHT) & vectors.any(axis=1)
    liked = [row for row in rows if counts[row]]
    if not liked:
        return []
    single = _by_item(events, vectors, weights, liked)
    pairs = (merges or closest_pairs)(_products(single.sums), rules.threshold)
    groups = single.join(pairs.tolist())
    for row in rows:
        if weights[row] < 0.0:
            _push_away(groups, vectors[row], -float(weights[row]), rules)
    return _heaviest(groups, weights, rules.max_interests)


def label_of(items: Sequence[tuple[ItemEntry, float]], sensitive: SensitiveTags | None = None) -> str:
    """Words for a group of (item, weight > 0): its heaviest category or tag, else words of the heaviest title.

    sensitive: what must not be said; a group that has no other words has no label.

    >>> from streams.domain.events import Item
    >>> shoe, trail = Item("1", title="Red shoe", category="Shoes"), Item("2", tags=("trail",))
    >>> label_of([(ItemEntry("shop", shoe, 0.0), 1.0), (ItemEntry("shop", trail, 0.0), 0.5)])
    'shoes'
    """
    weights: dict[str, float] = {}
    for entry, weight in items:
        for tag in entry.tags if sensitive is None else sensitive.without(entry.tags):
            weights[tag] = weights.get(tag, 0.0) + weight
    if weights:
        # Rounded, so that sums that differ only by the order of addition tie.
        rounded = {tag: round(weight, 9) for tag, weight in weights.items()}
        heaviest = max(rounded.values())
        named = (split_tag(tag) for tag, weight in rounded.items() if weight == heaviest)
        return min(named, key=lambda tag: (LABEL_KINDS.index(tag[0]), tag[1]))[1]
    titled = [
        (-weight, entry.item.title)
        for entry, weight in items
        if entry.item.title and not (sensitive is not None and (entry.tags or sensitive.says(entry.item.title)))
    ]
    return " ".join(min(titled)[1].split()[:LABEL_WORDS]) if titled else ""


def _latest(events: Sequence[InterestEvent], n: int) -> list[int]:
    """Positions of the latest n, by item and event: in an order that does not depend on how they came."""
    latest: Iterable[int] = range(len(events))
    if len(events) > n:
        latest = sorted(latest, key=lambda row: (-events[row].at_s, events[row].event_id))[:n]
    return [row for _, _, row in sorted([(events[row].item, events[row].event_id, row) for row in latest])]


def _decayed(events: Sequence[InterestEvent], as_of_s: float, half_life_s: float) -> Weights:
    """What time has left of the weights (N,)."""
    weights = np.array([event.weight for event in events], np.float64)
    ages_s = as_of_s - np.array([event.at_s for event in events], np.float64)
    decayed: Weights = weights * np.exp2(-np.maximum(ages_s, 0.0) / half_life_s)
    return decayed


def _products(rows: Vectors) -> Products:
    """Inner products of rows (G, D) among themselves: `ranking.cosines_of`, of which half is the other half."""
    exact = rows.astype(np.float64)
    products: Products = (exact @ exact.T).astype(np.float32).astype(np.float64)
    return products


def _by_item(events: Sequence[InterestEvent], vectors: Vectors, weights: Weights, liked: Sequence[int]) -> _Groups:
    """One group an item: what somebody did with the same item is one interest whatever the threshold.

    liked: by item.
    """
    items = [events[row].item or events[row].event_id for row in liked]
    single = _Groups(
        vectors[liked] * weights[liked].astype(np.float32)[:, None], weights[liked], [[row] for row in liked]
    )
    # -1 where an item goes on, so that the greatest so far is where it began.
    starts = [at if not at or item != items[at - 1] else -1 for at, item in enumerate(items)]
    first_of = accumulate(starts, max)
    return single.join((first, at) for at, first in enumerate(first_of) if first != at)


def closest_pairs(products: Products, threshold: float) -> Pairs:
    """The merges, int64 (M, 2), in their order: the closest two while their cosine reaches the threshold.

    products: float64 (G, G), inner products of the groups; the second of a pair, always the later one, goes into the
    first. Of equal pairs the first. A merge adds two rows of inner products instead of multiplying vectors again.
    """
    products = products.copy()
    # Zero rows, and those merged away, are close to nothing.
    norms = np.sqrt(products.diagonal())
    inverse_norms = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0.0)
    closeness = np.where(_above(len(products)), products * inverse_norms[:, None] * inverse_norms, -np.inf)
    alive = np.ones(len(products), dtype=np.bool_)
    pairs = []
    for _ in range(len(products) - 1):
        first, second = divmod(int(closeness.argmax()), len(products))
        if closeness[first, second] < threshold:
            break
        pairs.append((first, second))
        alive[second] = False
        products[first] += products[second]
        products[first, first] += products[first, second]
        products[:, first] = products[first]
        norm = sqrt(products[first, first])
        inverse_norms[first] = 1.0 / norm if norm > 0.0 else 0.0
        row = np.where(alive, products[first] * inverse_norms * inverse_norms[first], -np.inf)
        closeness[first, first + 1 :] = row[first + 1 :]
        closeness[:first, first] = row[:first]
        closeness[second, :] = closeness[:, second] = -np.inf
    return np.array(pairs, np.int64).reshape(-1, 2)


def _above(n: int) -> NDArray[np.bool_]:
    """Mask (n, n) of what lies above the diagonal: each pair once."""
    return np.arange(n)[:, None] < np.arange(n)


def _push_away(groups: _Groups, disliked: Vectors, weight: float, rules: InterestRules) -> None:
    closeness = (groups.sums @ disliked) / _norms(groups.sums)  # (G,)
    near = closeness >= rules.threshold
    groups.masses[near] -= weight * closeness[near]
    groups.sums[near] -= np.float32(rules.push * weight) * disliked


def _heaviest(groups: _Groups, weights: Weights, n: int) -> list[InterestGroup]:
    # Groups are in the order of item keys, and sorting is stable: equal masses keep it.
    order = np.argsort(-np.round(groups.masses, 9), kind="stable")
    found = order[(groups.masses[order] > LEAST_WEIGHT) & groups.sums[order].any(axis=1)][:n]
    units = groups.sums[found] / _norms(groups.sums[found])[:, None]
    rounded = (-np.round(weights, 9)).tolist()
    return [
        InterestGroup(vector, mass, tuple(sorted(groups.members[at], key=lambda row: (rounded[row], row))))
        for at, mass, vector in zip(found.tolist(), groups.masses[found].tolist(), units, strict=True)
    ]


def _norms(rows: Vectors) -> Vectors:
    """float32 (G,) of rows (G, D); 1 for a zero row, which then stays zero."""
    norms: Vectors = np.sqrt(np.einsum("gd,gd->g", rows, rows))
    norms[norms == 0.0] = 1.0
    return norms
