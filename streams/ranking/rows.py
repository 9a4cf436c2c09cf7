"""Names to row numbers: what has a key outside has a small number inside. Freed numbers are given out again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import repeat
from sys import intern

import numpy as np
from numpy.typing import NDArray


class Rows:
    """One writer.

    >>> rows = Rows()
    >>> rows.row("shop:1"), rows.row("shop:2"), rows.row("shop:1"), rows.find("shop:3")
    (0, 1, 0, -1)
    >>> rows.free("shop:1")
    0
    >>> rows.row("shop:3")
    0
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys: list[str] = list(keys)
        self._rows = {key: row for row, key in enumerate(self._keys) if key}
        self._free = [row for row, key in enumerate(self._keys) if not key]

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def n_rows(self) -> int:
        """Rows given out so far, freed ones among them: array length that is needed."""
        return len(self._keys)

    def find(self, key: str) -> int:
        """The row of a key, -1 when it has none."""
        return self._rows.get(key, -1)

    def find_all(self, keys: Collection[str]) -> NDArray[np.int32]:
        """The rows of keys, -1 for those that have none."""
        return np.fromiter(map(self._rows.get, keys, repeat(-1)), np.int32, count=len(keys))

    def row(self, key: str) -> int:
        """The row of a key, a new one if need be. key: not empty."""
        row = self._rows.get(key)
        if row is None:
            key = intern(key)  # see `index.keys`
            if self._free:
                row = self._free.pop()
                self._keys[row] = key
            else:
                row = len(self._keys)
                self._keys.append(key)
            self._rows[key] = row
        return row

    def key(self, row: int) -> str:
        """The key of a row; empty for a freed one."""
        return self._keys[row]

    def free(self, key: str) -> int:
        """Give the row of a key back; the row, or -1."""
        row = self._rows.pop(key, -1)
        if row >= 0:
            self._keys[row] = ""
            self._free.append(row)
        return row
