"""Choosing an index by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, Protocol, get_args

from index.exact import ExactIndex
from index.main_delta import MainDeltaIndex
from index.neighbours import Neighbour, Vectors
from index.rebuilds import Tuning
from index.reports import IndexReport
from index.stored import StoredRows

Kind = Literal["auto", "exact", "hnsw"]
DEFAULT_MAX_DELTA_ROWS = 4_000


class NearestIndex(Protocol):
    """What every index here can do; the promises stand in the docstrings of MainDeltaIndex."""

    @property
    def dim(self) -> int:
        """D, the length of every vector."""

    def __len__(self) -> int: ...
    def __contains__(self, key: str) -> bool: ...

    def upsert(
        self, keys: Sequence[str], vectors: Vectors, platforms: Sequence[str], categories: Sequence[str]
    ) -> None:
        """Add or replace."""

    def delete(self, keys: Iterable[str]) -> None:
        """Forget the keys."""

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        platform: str | None = None,
        category: str | None = None,
        exclude: Collection[str] = (),
    ) -> list[list[Neighbour]]:
        """For each query (Q, D) at most k neighbours, best first, ties by key."""

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

    def vectors_of(self, keys: Sequence[str]) -> tuple[list[str], Vectors]:
        """Of the keys that are present, in the order asked: (keys, float32 (N, D))."""

    def report(self) -> IndexReport:
        """Sizes and rebuilds, for the metrics."""

    def stored(self) -> StoredRows:
        """Everything at this moment, for `snapshots.save`."""

    def close(self) -> None:
        """Stop what runs in the background."""


def build_index(kind: Kind, dim: int, max_delta_rows: int = DEFAULT_MAX_DELTA_ROWS) -> NearestIndex:
    """An empty index. Raises ValueError.

    auto: exact while small, a graph beyond. hnsw: a graph as soon as there are max_delta_rows items.
    exact: the slow reference, for tests and a few thousand items.
    """
    if kind == "exact":
        return ExactIndex(dim)
    return MainDeltaIndex(dim, _tuning(kind, max_delta_rows))


def index_of(stored: StoredRows, kind: Kind = "auto", max_delta_rows: int = DEFAULT_MAX_DELTA_ROWS) -> NearestIndex:
    """The index of that kind with these rows; a stored graph is used as it is. Raises ValueError."""
    if kind == "exact":
        return ExactIndex.of(stored)
    return MainDeltaIndex.of(stored, _tuning(kind, max_delta_rows))


def _tuning(kind: Kind, max_delta_rows: int) -> Tuning:
    if kind not in get_args(Kind):
        raise ValueError(f"index kind {kind!r}: use one of {', '.join(get_args(Kind))}")
    if kind == "hnsw":
        return Tuning(max_delta_rows=max_delta_rows, flat_rows=max_delta_rows)
    return Tuning(max_delta_rows=max_delta_rows)
