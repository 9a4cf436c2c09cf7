"""The newest items of every platform, bounded: what there is to show while nobody has done anything yet."""

from __future__ import annotations

from collections.abc import Collection
from heapq import nsmallest
from typing import Final

MAX_ITEMS: Final = 2_000


class NewestItems:
    """Keeps about `max_items` a platform, the latest by (time, key). One writer, any number of readers.

    >>> newest = NewestItems()
    >>> newest.add("shop:1", "shop", "shoes", at_s=1.0); newest.add("shop:2", "shop", "hats", at_s=2.0)
    >>> newest.top("shop", None, 5), newest.top("shop", "shoes", 5)
    (['shop:2', 'shop:1'], ['shop:1'])
    """

    def __init__(self, max_items: int = MAX_ITEMS) -> None:
        self._max_items = max_items
        self._items: dict[str, dict[str, tuple[float, str]]] = {}

    def add(self, key: str, platform: str, category: str, at_s: float) -> None:
        """Add or replace."""
        items = self._items.setdefault(platform, {})
        items[key] = (at_s, category)
        if len(items) > 2 * self._max_items:
            kept = nsmallest(self._max_items, items, key=lambda each: (-items[each][0], each))
            self._items[platform] = {each: items[each] for each in kept}

    def remove(self, key: str) -> None:
        """Forget an item; an unknown one is ignored."""
        self._items.get(key.partition(":")[0], {}).pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._items = {}

    def top(self, platform: str | None, category: str | None, k: int, exclude: Collection[str] = ()) -> list[str]:
        """The k newest, newest first, ties by key."""
        platforms = list(self._items) if platform is None else [platform]
        # A copy in one step: the writer may add while we look.
        entries = [entry for name in platforms for entry in list(self._items.get(name, {}).items())]
        fitting = (
            (-at_s, key)
            for key, (at_s, kind) in entries
            if (category is None or kind == category) and key not in exclude
        )
        return [key for _, key in nsmallest(k, fitting)]
