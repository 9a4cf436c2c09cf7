"""A bounded cache of items and their vectors, laid out so that thousands are read with one gather.

Vectors lie in one matrix; a slot is given up by the second-chance rule, which is close to least recently used and needs
no bookkeeping per read beyond one mark. Not safe for several threads; the owner holds a lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from sys import intern
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.domain.item_entries import ItemEntry, ItemNumbers, numbers_of
from streams.ports import Vectors

ABSENT: Final = -1
Slots = NDArray[np.int64]


class ItemCache:
    """`capacity` slots of float32 (D,) and an `ItemEntry` each, its numbers beside it. Memory comes as slots fill."""

    def __init__(self, capacity: int, dim: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity = {capacity}: a cache has at least one slot")
        self._vectors = np.zeros((capacity, dim), dtype=np.float32)
        self._numbers = np.zeros((capacity, 2))
        self._has_vector = np.zeros(capacity, dtype=np.bool_)
        self._used = np.zeros(capacity, dtype=np.bool_)
        self._entries: list[ItemEntry | None] = [None] * capacity
        self._keys: list[str | None] = [None] * capacity
        self._slots: dict[str, int] = {}
        self._free = list(range(capacity - 1, -1, -1))
        self._hand = 0

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: str) -> bool:
        return key in self._slots

    @property
    def has_room(self) -> bool:
        """Whether an item can be added without another going."""
        return bool(self._free)

    def slots_of(self, keys: Sequence[str]) -> Slots:
        """int64 (N,), ABSENT for keys that are not here."""
        slots = np.fromiter(map(self._slots.get, keys, repeat(ABSENT)), dtype=np.int64, count=len(keys))
        self._used[slots[slots >= 0]] = True
        return slots

    def vectors_at(self, slots: Slots) -> tuple[Vectors, NDArray[np.bool_]]:
        """(float32 (N, D), whether there is one (N,)); zero rows where there is none."""
        found = (slots >= 0) & self._has_vector.take(slots, mode="clip")
        vectors = self._vectors.take(slots, axis=0, mode="clip")
        vectors[~found] = 0.0
        return vectors, found

    def entries_at(self, slots: Slots) -> list[ItemEntry | None]:
        """Items in the order of the slots."""
        return [self._entries[slot] if slot >= 0 else None for slot in slots.tolist()]

    def numbers_at(self, slots: Slots) -> ItemNumbers:
        """In the order of the slots."""
        numbers = self._numbers.take(slots, axis=0, mode="clip")
        numbers[slots < 0] = np.nan
        return ItemNumbers(numbers[:, 0], numbers[:, 1])

    def put(self, key: str, entry: ItemEntry, vector: Vectors | None) -> None:
        """Add or replace. vector: float32 (D,), or None when there is none to compare."""
        slot = self._slots.get(key)
        if slot is None:
            slot = self._free.pop() if self._free else self._evict()
            key = intern(key)  # see `index.keys`
            self._slots[key] = slot
            self._keys[slot] = key
            # Not yet: what is written and never read must not push out what is read.
            self._used[slot] = False
        self._entries[slot], self._numbers[slot] = entry, numbers_of(entry)
        self._has_vector[slot] = vector is not None
        self._vectors[slot] = 0.0 if vector is None else vector

    def drop(self, key: str) -> None:
        """Forget a key; an unknown one is ignored."""
        slot = self._slots.pop(key, None)
        if slot is not None:
            self._keys[slot] = self._entries[slot] = None
            self._free.append(slot)

    def clear(self) -> None:
        """Forget all."""
        for key in list(self._slots):
            self.drop(key)

    def _evict(self) -> int:
        while self._used[self._hand]:
            self._used[self._hand] = False
            self._hand = (self._hand + 1) % len(self._keys)
        slot = self._hand
        self._hand = (self._hand + 1) % len(self._keys)
        gone = self._keys[slot]
        assert gone is not None, "a full cache has a key in every slot"
        del self._slots[gone]
        return slot
