"""What a search asks and what it gives back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]


class Neighbour(NamedTuple):
    """An item and its closeness: inner product of unit vectors, higher is closer."""

    key: str
    score: float


@dataclass(frozen=True)
class Request:
    """One search: queries float32 (Q, D), C-contiguous, none of them zero; at most k neighbours each."""

    queries: Vectors
    k: int
    platform: str | None = None
    category: str | None = None
    exclude: Collection[str] = ()


def checked_vectors(vectors: Vectors, dim: int, name: str) -> Vectors:
    """The same numbers as C-contiguous float32 (N, dim). Raises ValueError for another shape, NaN or infinity."""
    checked = np.ascontiguousarray(vectors, dtype=np.float32)
    if checked.ndim != 2 or checked.shape[1] != dim:
        raise ValueError(f"{name} has shape {checked.shape}: give (N, {dim}), one row a vector")
    if not np.isfinite(checked).all():
        bad = int(np.flatnonzero(~np.isfinite(checked).all(axis=1))[0])
        raise ValueError(f"{name} row {bad} holds NaN or infinity: drop it before the index")
    return checked


def check_lengths(n: int, **columns: Collection[str]) -> None:
    """Raises ValueError when a column does not have one entry a vector."""
    for name, column in columns.items():
        if len(column) != n:
            raise ValueError(f"{name} has {len(column)} entries for {n} vectors: give one each")


def check_k(k: int) -> None:
    """Raises ValueError for k below 1."""
    if k < 1:
        raise ValueError(f"k = {k}: ask for at least 1 neighbour")


def scores_of(query: Vectors, vectors: Vectors) -> Vectors:
    """Inner products float32 (N,) of one query (D,) with vectors (N, D).

    einsum runs the same loop over every row, whereas BLAS treats blocks and remainders differently: here equal
    vectors get equal scores wherever they are stored, so that ties are real ties and every replica ranks alike.
    """
    scores: Vectors = np.einsum("nd,d->n", vectors, query)
    return scores


def ranked(keys: Iterable[str], scores: Vectors, k: int) -> list[Neighbour]:
    """The best k, ties by key.

    >>> ranked(["b", "a", "c"], np.array([0.5, 0.5, 0.25], dtype=np.float32), 2)
    [Neighbour(key='a', score=0.5), Neighbour(key='b', score=0.5)]
    """
    order = sorted(zip((-scores).tolist(), keys, strict=True))
    return [Neighbour(key, -negated) for negated, key in order[:k]]
