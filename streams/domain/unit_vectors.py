"""Sums to published directions: float16 bytes of unit L2 norm, many rows at a time.

A row's bytes do not depend on the rows beside it. D dimensions, N rows, G groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def unit_vector(sums: Iterable[tuple[bytes, float]]) -> bytes:
    """Sum of scaled float32 (D,) vectors as a float16 unit vector; empty when there is none or they cancel out."""
    total: Vectors | None = None
    for raw, scale in sums:
        if raw and scale != 0.0:
            vector = np.frombuffer(raw, np.float32)
            scaled = vector if scale == 1.0 else vector * np.float32(scale)
            total = scaled if total is None else total + scaled
    return b"" if total is None else unit_rows(total[None])[0]


def unit_vectors(raws: Sequence[bytes]) -> list[bytes]:
    """`unit_vector` of each float32 (D,) sum alone; empty for empty."""
    known = [raw for raw in raws if raw]
    if not known:
        return [b""] * len(raws)
    rows = iter(unit_rows(np.frombuffer(b"".join(known), np.float32).reshape(len(known), -1)))
    return [next(rows) if raw else b"" for raw in raws]


def unit_rows(sums: Vectors) -> list[bytes]:
    """Each row of float32 (N, D) as float16 bytes of unit norm, empty for a row of norm zero."""
    if not len(sums):
        return []
    # One dot product a row: a reduction over the whole matrix may add in another order for another N.
    norms = [math.sqrt(float(row @ row)) for row in sums]
    scales = np.array([1.0 / norm if norm > 0.0 else 0.0 for norm in norms], np.float32)
    flat, width = (sums * scales[:, None]).astype(np.float16).tobytes(), 2 * sums.shape[1]
    return [flat[at * width : (at + 1) * width] if norm > 0.0 else b"" for at, norm in enumerate(norms)]


def weighted_sums(vectors: Sequence[Vectors], weights: Sequence[float], starts: Sequence[int]) -> Vectors:
    """Σ weight·vector of each group: float32 (G, D). vectors: (D,) each; a group ends where the next one starts."""
    rows = np.concatenate(vectors).reshape(len(vectors), -1)  # a copy
    rows *= np.array(weights, np.float32)[:, None]
    sums: Vectors = np.add.reduceat(rows, np.array(starts, np.intp), axis=0)
    return sums
