"""Which row holds which key, over an append-only log of rows.

A key that changes gets a new row; its earlier rows stay where they are. Asking for "the latest row below n" therefore
gives a reader that took the log at length n the same answer for ever, while the writer goes on appending.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from sys import intern

import numpy as np

from index.neighbours import Rows

ABSENT = -1


class KeyRows:
    """key ↔ row number (int64, from 0). One writer appends; any number of readers look up without a lock."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._latest: dict[str, int] = {}
        self._earlier: dict[int, int] = {}  # row -> the row of the same key before it

    def __len__(self) -> int:
        return len(self._keys)

    def extend(self, keys: Iterable[str]) -> None:
        """Append one row a key."""
        # One string for a key everywhere: what is found by identity need not be compared.
        for key in map(intern, keys):
            row = len(self._keys)
            before = self._latest.get(key)
            if before is not None:
                self._earlier[row] = before  # first: a reader must find its way back from the new row
            self._keys.append(key)
            self._latest[key] = row

    def row_below(self, key: str, n: int) -> int:
        """The latest row of the key among the first n, or ABSENT."""
        return self._back_below(self._latest.get(key, ABSENT), n)

    def _back_below(self, row: int, n: int) -> int:
        while row >= n:
            row = self._earlier.get(row, ABSENT)
        return row

    def rows_below(self, keys: Iterable[str], n: int) -> Rows:
        """The rows of the keys that have one among the first n, in the order asked."""
        rows = self.each_below(list(keys), n)
        known: Rows = rows[rows != ABSENT]
        return known

    def each_below(self, keys: Sequence[str], n: int) -> Rows:
        """The row of each key among the first n, or ABSENT: int64 (len(keys),)."""
        latest = map(self._latest.get, keys, repeat(ABSENT))
        rows: Rows = np.fromiter(latest, dtype=np.int64, count=len(keys))
        for at in np.flatnonzero(rows >= n).tolist():
            # Rare: the writer went on since the reader took its view.
            rows[at] = self._back_below(int(rows[at]), n)
        return rows

    def keys_of(self, rows: Rows) -> list[str]:
        """The keys in these rows."""
        keys = self._keys
        return [keys[row] for row in rows.tolist()]

    def first(self, n: int) -> list[str]:
        """The keys of the first n rows."""
        return self._keys[:n]
