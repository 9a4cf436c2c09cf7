"""An item as the catalogue knows it, without its vector."""

from __future__ import annotations

from typing import NamedTuple

from streams.domain.events import Item


class ItemEntry(NamedTuple):
    """updated_at_s: event time of the item's last `item.upserted`."""

    platform: str
    item: Item
    updated_at_s: float
