"""Items as the catalogue knows them, by what matters in a test."""

from __future__ import annotations

from streams.domain.events import Item
from streams.domain.item_entries import ItemEntry


def an_entry(**said: str) -> ItemEntry:
    """An item of a shop that says this of itself."""
    return ItemEntry("shop", Item("1", **said), 0.0)
