"""Which words and characters a text shares with another: hashed n-grams as a vector. No meaning beyond that.

Feature hashing with signs (Weinberger et al. 2009), each n-gram spread over four cells, so that two n-grams seldom
collide in all of them. B texts, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders import ngrams
from encoders.encoding import Counts, Vectors, unit_rows

SCHEME = f"{ngrams.SCHEME}.1"  # raised when the same text begins to get another vector

_CELLS = 4
_CELL_BITS = 16


def lexical_vectors(texts: Sequence[str], dim: int) -> tuple[Vectors, Counts]:
    """Texts (B,) -> float32 (B, D) unit rows, zero for a text without letters; and words + characters per text (B,).

    dim: at most 32,768. Inner products of unrelated texts are near 0 with a spread of about 1 / sqrt(dim).
    """
    if not texts:
        return np.zeros((0, dim), dtype=np.float32), np.zeros(0, dtype=np.int64)
    found = ngrams.ngrams_of(texts)
    sums = np.zeros(len(texts) * dim)
    for cell in range(_CELLS):
        bits = (found.hash >> np.uint64(cell * _CELL_BITS)).astype(np.int64) & 0xFFFF
        place = found.text * dim + (bits >> 1) % dim
        sums += np.bincount(place, weights=found.weight * _signs(bits), minlength=len(sums))
    return unit_rows(sums.reshape(len(texts), dim)), found.n_units


def _signs(bits: NDArray[np.int64]) -> NDArray[np.int64]:
    return 1 - 2 * (bits & 1)
