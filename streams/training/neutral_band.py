"""Where neutral ends: chosen on texts whose writers gave three stars, among others that gave more or fewer."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Classes = NDArray[np.int64]

GRID: Final = np.round(np.arange(0.05, 0.96, 0.05), 2)


def chosen_band(scores: Scores, classes: Classes) -> float:
    """The band b whose classes (score < -b, between, > b) have the best macro F1. classes: -1, 0, 1 (N,).

    >>> chosen_band(np.array([-0.9, -0.2, 0.3, 0.8]), np.array([-1, 0, 0, 1]))
    0.3
    """
    return float(max(GRID.tolist(), key=lambda band: macro_f1(classes_of(scores, band), classes)))


def classes_of(scores: Scores, band: float) -> Classes:
    """-1, 0 or 1 (N,)."""
    return np.where(np.abs(scores) <= band, 0, np.sign(scores)).astype(np.int64)


def macro_f1(found: Classes, true: Classes) -> float:
    """Mean over the classes of the harmonic mean of precision and recall."""
    of_class = []
    for kind in np.unique(true):
        n_right = int(((found == kind) & (true == kind)).sum())
        of_class.append(2 * n_right / max(1, int((found == kind).sum() + (true == kind).sum())))
    return float(np.mean(of_class))
