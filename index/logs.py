"""The append-only log of rows. A row keeps its number whether its vector lies in the graph or in the tail behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.keys import KeyRows
from index.labels import LabelColumn
from index.neighbours import Vectors

FIRST_CAPACITY = 64


class RowLog:
    """Key, platform and category of every row; a changed item is a new row. One writer, lock-free readers."""

    def __init__(self) -> None:
        self.keys = KeyRows()
        self.platforms = LabelColumn()
        self.categories = LabelColumn()

    def __len__(self) -> int:
        return len(self.keys)

    def extend(self, keys: Sequence[str], platforms: Sequence[str], categories: Sequence[str]) -> None:
        """Append one row each."""
        self.platforms.extend(platforms, at=len(self.keys))
        self.categories.extend(categories, at=len(self.keys))
        self.keys.extend(keys)

    def matches(self, platform: str | None, category: str | None, start: int, stop: int) -> NDArray[np.bool_]:
        """Mask (stop - start,): which rows carry both labels; None stands for any."""
        mask = np.ones(stop - start, dtype=np.bool_)
        if platform is not None:
            mask &= self.platforms.matches(platform, start, stop)
        if category is not None:
            mask &= self.categories.matches(category, start, stop)
        return mask


class Tail:
    """Vectors of the rows from `start` on, append-only; what was appended never changes or moves for its readers."""

    def __init__(self, start: int, dim: int) -> None:
        self.start = start
        self._vectors: Vectors = np.empty((FIRST_CAPACITY, dim), dtype=np.float32)

    @property
    def dim(self) -> int:
        """D, the length of every vector."""
        return int(self._vectors.shape[1])

    def extend(self, vectors: Vectors, at: int) -> None:
        """Append float32 (N, D) behind the first `at` vectors."""
        end = at + len(vectors)
        if end > len(self._vectors):
            larger = np.empty((max(end, 2 * len(self._vectors)), self.dim), dtype=np.float32)
            larger[:at] = self._vectors[:at]
            self._vectors = larger
        self._vectors[at:end] = vectors

    def first(self, n: int) -> Vectors:
        """The first n vectors, float32 (n, D), not copied."""
        return self._vectors[:n]

    @property
    def n_bytes(self) -> int:
        """Bytes held, room to grow included."""
        return self._vectors.nbytes
