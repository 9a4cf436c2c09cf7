"""Why items are recommended, in terms of what the person did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from streams.domain.item_entries import ItemEntry
from streams.domain.profiles import Tag
from streams.domain.ranking import cosines_of
from streams.ports import Vectors
from streams.service.recommendations import OwnEvent, Reason
from streams.service.tastes import Taste

MAX_EVENTS: Final = 3
MAX_TAGS: Final = 5


def reasons_for(
    shown: Sequence[tuple[str, ItemEntry]], vectors: Vectors, taste: Taste, tags: Sequence[Tag]
) -> list[Reason]:
    """For each (interest, item): the nearest own events, at most one an item, and the profile's tags that it bears.

    vectors: float32 (N, D), of the items.
    """
    own = taste.own
    # Of equally near events the latest; sorted once, since a stable sort keeps it.
    latest = sorted(range(len(own)), key=lambda at: (-own[at].time, own[at].id))
    cosines = np.round(cosines_of(vectors, taste.own_vectors[latest]).astype(np.float64), 4)  # (N, E)
    nearest = np.argsort(-cosines, axis=1, kind="stable")
    liked = [(f"{tag.kind}:{tag.tag}", tag.tag) for tag in tags if tag.score > 0.0]
    reasons = []
    for (interest, entry), order, close in zip(shown, nearest, cosines, strict=True):
        borne = set(entry.tags)
        matching = dict.fromkeys(tag for full, tag in liked if full in borne)
        near = ((latest[place], float(close[place])) for place in order.tolist())
        reasons.append(Reason(interest, _told(near, taste), list(matching)[:MAX_TAGS]))
    return reasons


def _told(near: Iterable[tuple[int, float]], taste: Taste) -> list[OwnEvent]:
    """near: (position among the own events, cosine), nearest first."""
    events: dict[str, OwnEvent] = {}
    for at, cosine in near:
        event, entry = taste.own[at], taste.own_entries[at]
        if event.item not in events:
            title = "" if entry is None else entry.item.title
            events[event.item] = OwnEvent(event.id, event.type, title, event.platform, cosine)
            if len(events) == MAX_EVENTS:
                break
    return list(events.values())
