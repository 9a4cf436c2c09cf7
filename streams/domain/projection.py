"""A flat picture of a vector space that stays as it is: principal components, fitted once, and which points are drawn.

A projection places each vector by itself, so what is added later moves nothing that is there. Shapes: N points,
D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Places = NDArray[np.float64]

#: Cells of the grid that crowds are thinned by, along each side.
GRID: Final = 64
#: Part of the sample, on each side, that may lie at the edge: a few strangers must not squeeze all others together.
AT_THE_EDGE: Final = 0.005
MARGIN: Final = 0.04


class Projection(msgspec.Struct, frozen=True):
    """label: of the model whose space this is. mean: float64 (D,); axes: (2, D); low, high: (2,); as bytes.

    explained: part of the sample's variance that the two axes hold, in [0, 1]. n_sampled: vectors it was fitted to.
    """

    label: str
    mean: bytes
    axes: bytes
    low: tuple[float, float]
    high: tuple[float, float]
    explained: float
    n_sampled: int

    def place(self, vectors: Vectors) -> Places:
        """Vectors (N, D) on the unit square: (N, 2). What lies beyond the sample's bounds is put on the edge."""
        mean, axes = np.frombuffer(self.mean), np.frombuffer(self.axes).reshape(2, -1)
        flat = _flat(vectors.astype(np.float64), mean, axes)
        low, high = np.array(self.low), np.array(self.high)
        places: Places = np.clip((flat - low) / (high - low), 0.0, 1.0)
        return places


def fit(vectors: Vectors, label: str) -> Projection:
    """Two principal components of a sample (N, D), N >= 1, D >= 2, each turned so that its largest weight is positive.

    Jolliffe, Principal Component Analysis (2002), chapter 2: eigenvectors of the covariance matrix.
    """
    sample = vectors.astype(np.float64)
    mean = sample.mean(axis=0)
    centred = sample - mean
    values, columns = np.linalg.eigh(centred.T @ centred / len(sample))
    axes = np.stack([axis if axis[np.abs(axis).argmax()] >= 0.0 else -axis for axis in columns[:, [-1, -2]].T])
    flat = _flat(sample, mean, axes)
    low, high = np.quantile(flat, AT_THE_EDGE, axis=0), np.quantile(flat, 1.0 - AT_THE_EDGE, axis=0)
    margin = np.maximum((high - low) * MARGIN, 1e-6)
    total = float(values.sum())
    return Projection(
        label=label,
        mean=mean.tobytes(),
        axes=axes.tobytes(),
        low=(float(low[0] - margin[0]), float(low[1] - margin[1])),
        high=(float(high[0] + margin[0]), float(high[1] + margin[1])),
        explained=float(values[-2:].sum()) / total if total > 0.0 else 0.0,
        n_sampled=len(sample),
    )


def rank_of(key: str) -> int:
    """The order in which keys are taken for a sample: as good as random, and always the same."""
    return crc32(key.encode("utf-8", "surrogatepass"))


def drawn(places: Places, keys: Sequence[str], limit: int) -> NDArray[np.int64]:
    """Which of N points (N, 2) are drawn, at most `limit`, in the order of their keys' ranks.

    Every cell of a grid keeps the same number of points at most, the largest that fits; so crowds are thinned and
    loners stay. Within a cell the ranks of the keys decide.
    """
    if not len(keys):
        return np.zeros(0, np.int64)
    ranks = np.array([rank_of(key) for key in keys], np.int64)
    order = np.lexsort((np.array(keys), ranks))
    if len(keys) <= limit:
        return order
    cells = np.minimum((places * GRID).astype(np.int64), GRID - 1) @ np.array([1, GRID])
    by_cell = order[np.argsort(cells[order], kind="stable")]
    starts = np.flatnonzero(np.diff(cells[by_cell], prepend=-1))
    sizes = np.diff(starts, append=len(by_cell))
    turn = np.arange(len(by_cell)) - np.repeat(starts, sizes)
    return order[np.isin(order, by_cell[turn < _fair_share(sizes, limit)])][:limit]


def _fair_share(sizes: NDArray[np.int64], limit: int) -> int:
    """The largest number that each cell may keep so that all together keep at most `limit`; at least 1."""
    low, high = 1, int(sizes.max())
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(sizes, middle).sum()) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _flat(vectors: NDArray[np.float64], mean: NDArray[np.float64], axes: NDArray[np.float64]) -> Places:
    return (vectors - mean) @ axes.T
