"""What the map's page shows."""

from __future__ import annotations

import msgspec

from streams.service.item_map import Category


class MapItem(msgspec.Struct, frozen=True):
    """An item on the map. x, y: in [0, 1]. score: cosine to what was asked for, else the event's signed weight."""

    key: str
    platform: str
    item_id: str
    title: str
    category: str
    x: float
    y: float
    score: float | None = None


class MapInterest(msgspec.Struct, frozen=True):
    """An interest of the person, as the explanation tells it. mass: decayed weight."""

    label: str
    x: float
    y: float
    mass: float


class MapPerson(msgspec.Struct, frozen=True):
    """The person shown. recent: newest first, each item once."""

    profile_id: str
    is_known: bool
    interests: list[MapInterest]
    recent: list[MapItem]


class MapView(msgspec.Struct, frozen=True):
    """found: closest first, to the item where one is chosen, else to the query. explained: part of the items' variance
    that two directions hold, in [0, 1]. points: what is drawn, see `item_map.Picture`.
    """

    query: str
    platform: str | None
    platforms: list[str]
    item: MapItem | None
    is_item_unknown: bool
    found: list[MapItem]
    person: MapPerson | None
    n_items: int
    n_drawn: int
    explained: float
    categories: list[Category]
    points: msgspec.Raw
