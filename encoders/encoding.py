"""What one encoder call hands back: vectors and their cost.

Shapes: B texts, D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Role = Literal["passage", "query"]
Vectors = NDArray[np.float32]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BatchReport:
    """Cost of one call. n_tokens counts real tokens only; duration_s is wall time inside the call."""

    n_texts: int
    n_tokens: int
    n_padding_tokens: int
    n_truncated: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Encoding:
    """vectors: float32 (B, D), rows of unit L2 norm or zero, in the order of the texts."""

    vectors: Vectors
    report: BatchReport


def unit_rows(matrix: NDArray[np.floating]) -> Vectors:
    """Float (B, D) -> float32 (B, D), each row divided by its L2 norm; a zero row stays zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(norms > 0, norms, 1)).astype(np.float32)
