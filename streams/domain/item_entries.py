"""An item as the catalogue knows it, without its vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.domain.events import Item
from streams.domain.tags import item_tags

_UNKNOWN = (np.nan, np.nan)


@dataclass(slots=True)
class ItemEntry:
    """updated_at_s: event time of the item's last `item.upserted`. Not to be changed."""

    platform: str
    item: Item
    updated_at_s: float
    _tags: tuple[str, ...] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def tags(self) -> tuple[str, ...]:
        """Of the item, as `domain.tags` has them; made when they are first asked for."""
        if self._tags is None:
            self._tags = item_tags(self.item)
        return self._tags


class ItemNumbers(NamedTuple):
    """What many items say in numbers, each (N,). prices: nan where an item names none.

    updated_at_s: nan where there is no item.
    """

    prices: NDArray[np.float64]
    updated_at_s: NDArray[np.float64]

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Where there is an item (N,)."""
        return ~np.isnan(self.updated_at_s)

    def only(self, rows: NDArray[np.intp]) -> ItemNumbers:
        """These rows."""
        return ItemNumbers(self.prices[rows], self.updated_at_s[rows])


def numbers_of(entry: ItemEntry) -> tuple[float, float]:
    """(price or nan, updated_at_s)."""
    return entry.item.price or np.nan, entry.updated_at_s


def all_numbers_of(entries: Sequence[ItemEntry | None]) -> ItemNumbers:
    """Of entries, None for unknown items."""
    columns = np.array([_UNKNOWN if entry is None else numbers_of(entry) for entry in entries], np.float64)
    prices, updated_at_s = columns.reshape(-1, 2).T
    return ItemNumbers(prices, updated_at_s)
