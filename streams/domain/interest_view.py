"""The published interests: recent events grouped by what their items are, several kept apart and never averaged.

A person's recent items are grouped by their first tag (a category where there is one), which costs microseconds. The
API groups by meaning instead (`interests.group_interests`), which costs a millisecond and is done when somebody asks.
Both are deterministic and order-free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import HalfLives
from streams.domain.profiles import Evidence, Interest
from streams.domain.states import Recent
from streams.domain.tags import split_tag
from streams.domain.unit_vectors import unit_rows, weighted_sums

MAX_INTERESTS = 3
MAX_EVIDENCE = 3

ItemVectors = Mapping[str, NDArray[np.float32]]


class Group(NamedTuple):
    """An interest without its direction. members: (decayed weight, event), latest first."""

    tag: str
    mass: float
    members: list[tuple[float, Recent]]


def groups_of(recents: Sequence[Recent], items: ItemVectors, as_of_s: float, half_lives_s: HalfLives) -> list[Group]:
    """At most MAX_INTERESTS, heaviest first. recents: latest first; those of items that are not in `items` say nothing.

    mass: decayed positive weight of the group's events less the negative; a group that is disliked on balance is none.
    """
    groups: dict[str, list[tuple[float, Recent]]] = {}
    for recent in recents:
        if recent.tags and recent.item in items:
            weight = recent.weight * 2.0 ** ((recent.at_s - as_of_s) / half_lives_s[recent.type])
            group = groups.get(recent.tags[0])
            if group is None:
                groups[recent.tags[0]] = [(weight, recent)]
            else:
                group.append((weight, recent))
    masses = [(-sum([weight for weight, _ in members]), tag) for tag, members in groups.items()]
    heaviest = sorted([entry for entry in masses if entry[0] < 0.0])[:MAX_INTERESTS]
    return [Group(tag, -mass, groups[tag]) for mass, tag in heaviest]


def interests_of(people: Sequence[Sequence[Group]], items: ItemVectors) -> list[list[Interest]]:
    """The interests of each person, all their directions in one step; a group that cancels out is none.

    items: (D,) unit by key, of every item named.
    """
    groups = [group for person in people for group in person]
    directions = iter(_directions(groups, items))
    return [list(_described(person, directions)) for person in people]


def _described(groups: Sequence[Group], directions: Iterator[bytes]) -> Iterator[Interest]:
    for tag, mass, members in groups:
        vector = next(directions)
        if vector:
            evidence = [
                Evidence(recent.event_id.hex(), recent.type, recent.weight, recent.at_s)
                for _, recent in members[:MAX_EVIDENCE]
            ]
            yield Interest(vector, mass, split_tag(tag)[1], evidence)


def _directions(groups: Sequence[Group], items: ItemVectors) -> list[bytes]:
    if not groups:
        return []
    vectors: list[NDArray[np.float32]] = []
    weights: list[float] = []
    starts: list[int] = []
    for group in groups:
        starts.append(len(vectors))
        for weight, recent in group.members:
            vectors.append(items[recent.item])
            weights.append(weight)
    return unit_rows(weighted_sums(vectors, weights, starts))
