"""ExactIndex: numpy, slow, obvious. The reference that judges every other index; right for a few thousand items."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np

from index.labels import Labelled
from index.neighbours import Neighbour, Vectors, check_k, check_lengths, checked_vectors, ranked, scores_of
from index.reports import IndexReport
from index.stored import StoredRows

KEY_BYTES = 200  # a dict entry and its strings


class _Entry(NamedTuple):
    vector: Vectors
    platform: str
    category: str


class ExactIndex:
    """Compares a query with everything. A change copies the dictionary, so a reader keeps the one it took.

    >>> index = ExactIndex(dim=2)
    >>> index.upsert(["shop:1"], np.array([[1, 0]], dtype=np.float32), ["shop"], ["shoes"])
    >>> index.search(np.array([[1, 0]], dtype=np.float32), k=3)
    [[Neighbour(key='shop:1', score=1.0)]]
    """

    def __init__(self, dim: int) -> None:
        if dim < 1:
            raise ValueError(f"dim = {dim}: a vector has at least 1 number")
        self._dim = dim
        self._entries: Mapping[str, _Entry] = {}

    @property
    def dim(self) -> int:
        """D, the length of every vector."""
        return self._dim

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def upsert(
        self, keys: Sequence[str], vectors: Vectors, platforms: Sequence[str], categories: Sequence[str]
    ) -> None:
        """Add or replace; of a key given twice the last counts. vectors: float32 (N, D). Raises ValueError."""
        vectors = checked_vectors(vectors, self._dim, "vectors")
        check_lengths(len(vectors), keys=keys, platforms=platforms, categories=categories)
        rows = map(_Entry, vectors.copy(), platforms, categories)
        self._entries = {**self._entries, **dict(zip(keys, rows, strict=True))}

    def delete(self, keys: Iterable[str]) -> None:
        """Forget the keys; unknown ones are ignored."""
        gone = set(keys)
        self._entries = {key: entry for key, entry in self._entries.items() if key not in gone}

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        platform: str | None = None,
        category: str | None = None,
        exclude: Collection[str] = (),
    ) -> list[list[Neighbour]]:
        """For each query (Q, D) at most k neighbours, best first, ties by key. A zero query has none."""
        check_k(k)
        queries = checked_vectors(queries, self._dim, "queries")
        unwanted = frozenset(exclude)
        kept = {
            key: entry.vector
            for key, entry in self._entries.items()
            if key not in unwanted
            and platform in (None, entry.platform)
            and category in (None, entry.category)
            and entry.vector.any()
        }
        if not kept:
            return [[] for _ in queries]
        vectors = np.stack(list(kept.values()))
        return [ranked(kept, scores_of(query, vectors), k) if query.any() else [] for query in queries]

    def around(
        self,
        queries: Vectors,
        k: int,
        *,
        platform: str | None = None,
        category: str | None = None,
        exclude: Collection[str] = (),
    ) -> tuple[list[str], Vectors]:
        """The items that `search` finds for any of the queries, rising by key: (keys, float32 (N, D))."""
        lists = self.search(queries, k, platform=platform, category=category, exclude=exclude)
        return self.vectors_of(sorted({near.key for found in lists for near in found}))

    def vectors_of(self, keys: Sequence[str]) -> tuple[list[str], Vectors]:
        """Of the keys that are present, in the order asked: (keys, float32 (N, D))."""
        entries = self._entries
        found = [key for key in keys if key in entries]
        vectors = np.zeros((len(found), self._dim), dtype=np.float32)
        for row, key in enumerate(found):
            vectors[row] = entries[key].vector
        return found, vectors

    def report(self) -> IndexReport:
        """Sizes, for the metrics; everything counts as delta because nothing is in a graph."""
        n = len(self._entries)
        return IndexReport(n_rows=n, n_delta=n, n_bytes=n * (4 * self._dim + KEY_BYTES))

    def stored(self) -> StoredRows:
        """Everything, for `snapshots.save`."""
        entries = self._entries
        keys, vectors = self.vectors_of(list(entries))
        return StoredRows(
            dim=self._dim,
            keys=keys,
            platforms=Labelled.of([entry.platform for entry in entries.values()]),
            categories=Labelled.of([entry.category for entry in entries.values()]),
            live=np.ones(len(keys), dtype=np.bool_),
            vectors=vectors,
            graph=None,
        )

    @classmethod
    def of(cls, stored: StoredRows) -> Self:
        """The index that `stored` describes."""
        index = cls(stored.dim)
        live = np.flatnonzero(stored.live)
        platforms, categories = stored.platforms.names_of(live), stored.categories.names_of(live)
        index.upsert([stored.keys[row] for row in live], stored.vectors_at(live), platforms, categories)
        return index

    def close(self) -> None:
        """Nothing to stop; here so that every index can be closed alike."""
