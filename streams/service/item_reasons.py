"""Why an item is recommended, in terms of what the person did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.domain.events import Item
from streams.domain.profiles import Tag
from streams.domain.tags import item_tags
from streams.ports import Vectors
from streams.service.recommendations import OwnEvent, Reason
from streams.service.tastes import Taste

MAX_EVENTS: Final = 3
MAX_TAGS: Final = 5


def reason_for(interest: str, item: Item, vector: Vectors, taste: Taste, tags: Sequence[Tag]) -> Reason:
    """The nearest own events by cosine, at most one an item, and the profile's tags that the item bears.

    vector: float32 (D,).
    """
    cosines = np.round((taste.own_vectors @ vector).astype(np.float64), 4)
    nearest = sorted(range(len(taste.own)), key=lambda at: (-cosines[at], -taste.own[at].time, taste.own[at].id))
    events: list[OwnEvent] = []
    told: set[str] = set()
    for at in nearest:
        event, entry = taste.own[at], taste.own_entries[at]
        if event.item in told:
            continue
        told.add(event.item)
        title = "" if entry is None else entry.item.title
        events.append(OwnEvent(event.id, event.type, title, event.platform, float(cosines[at])))
        if len(events) == MAX_EVENTS:
            break
    borne = set(item_tags(item))
    matching = dict.fromkeys(tag.tag for tag in tags if tag.score > 0.0 and f"{tag.kind}:{tag.tag}" in borne)
    return Reason(interest, events, list(matching)[:MAX_TAGS])
