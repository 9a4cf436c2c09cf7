"""The published interests: recent events grouped by what their items are, several kept apart and never averaged.

A person's recent items are grouped by their first tag (a category where there is one), which costs microseconds. The
API groups by meaning instead (`interests.group_interests`), which costs a millisecond and is done when somebody asks.
Both are deterministic and order-free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import factor
from streams.domain.profiles import Evidence, Interest
from streams.domain.states import Recent
from streams.domain.tags import split_tag

MAX_INTERESTS = 3
MAX_EVIDENCE = 3

ItemVectors = Mapping[str, NDArray[np.float32]]


def interests_of(
    recents: Sequence[Recent], vectors: ItemVectors, as_of_s: float, half_life_s: float
) -> list[Interest]:
    """At most MAX_INTERESTS, heaviest first. recents: latest first. vectors: (D,) unit, by key of the known items.

    mass: decayed positive weight of the group's events less the negative; a group that is disliked on balance is none.
    """
    groups: dict[str, list[tuple[float, Recent]]] = {}
    for recent in recents:
        if recent.tags and recent.item in vectors:
            weight = recent.weight * factor(as_of_s - recent.at_s, half_life_s)
            groups.setdefault(recent.tags[0], []).append((weight, recent))
    masses = [(sum([weight for weight, _ in group]), tag) for tag, group in groups.items()]
    heaviest = sorted([(-mass, tag) for mass, tag in masses if mass > 0.0])[:MAX_INTERESTS]
    made = [_interest(tag, -mass, groups[tag], vectors) for mass, tag in heaviest]
    return [interest for interest in made if interest.vector]


def _interest(tag: str, mass: float, group: list[tuple[float, Recent]], vectors: ItemVectors) -> Interest:
    weights = np.array([weight for weight, _ in group], np.float32)
    total = weights @ np.stack([vectors[recent.item] for _, recent in group])  # (D,)
    norm = float(np.sqrt(total @ total))
    evidence = [
        Evidence(recent.event_id.hex(), recent.type, recent.weight, recent.at_s) for _, recent in group[:MAX_EVIDENCE]
    ]
    vector = (total * np.float32(1.0 / norm)).astype(np.float16).tobytes() if norm > 0.0 else b""
    return Interest(vector, mass, split_tag(tag)[1], evidence)
