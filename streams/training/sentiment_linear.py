"""A linear sentiment model over hashed n-grams: log-count ratios as scales, a support vector machine as judge.

Wang and Manning (2012) multiply each n-gram by its log-count ratio. Here by the square root of the ratio's size: it
keeps rare one-sided n-grams from deciding a text alone, and was the best of four scalings (docs/meaning.md).

N texts, 2**bits buckets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from streams.meaning.sentiment_ngrams import Grams
from streams.meaning.sentiment_weights import NOTHING_SAID, GramWeights

Labels = NDArray[np.int64]
Margins = NDArray[np.float64]

RATIO_POWER: Final = 0.5
RATIO_PRIOR: Final = 1.0
LEAST_TEXTS: Final = 2
TOLERANCE: Final = 1e-2


@dataclass(frozen=True, slots=True)
class LinearGrams:
    """pulls, scales: float (2**bits,); both 0 where an n-gram is unknown."""

    pulls: Margins
    scales: Margins
    intercept: float

    def margins(self, matrix: sparse.csr_matrix) -> Margins:
        """Presence (N, 2**bits) to signed distances from neutral (N,)."""
        lengths = np.sqrt(matrix @ self.scales**2 + NOTHING_SAID)
        margins: Margins = matrix @ self.pulls / lengths + self.intercept
        return margins

    def weights(self) -> GramWeights:
        """The same in bytes."""
        return GramWeights.of(self.pulls, self.scales, self.intercept)


def presence(grams: Grams, n_texts: int, bits: int) -> sparse.csr_matrix:
    """Which text has which n-gram, float32 (N, 2**bits)."""
    ones = np.ones(len(grams.text), dtype=np.float32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(grams.text, minlength=n_texts))])
    return sparse.csr_matrix((ones, grams.bucket, starts), shape=(n_texts, 1 << bits))


def fit_grams(
    matrix: sparse.csr_matrix, labels: Labels, cost: float, text_weights: Margins | None = None
) -> LinearGrams:
    """cost: the C of the machine, larger follows the texts closer. Deterministic."""
    n_of = np.bincount(matrix.indices, minlength=matrix.shape[1])
    known = np.flatnonzero(n_of >= LEAST_TEXTS)
    chosen = matrix[:, known]
    scales = np.abs(_log_count_ratios(chosen, labels)) ** RATIO_POWER
    scaled = chosen @ sparse.diags(scales)
    lengths = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel() + NOTHING_SAID)
    scaled = sparse.diags(1 / lengths) @ scaled
    machine = LinearSVC(C=cost, tol=TOLERANCE, random_state=0)
    machine.fit(scaled.tocsr(), labels, sample_weight=text_weights)
    all_pulls, all_scales = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1])
    all_pulls[known] = machine.coef_[0] * scales
    all_scales[known] = scales
    return LinearGrams(all_pulls, all_scales, float(machine.intercept_[0]))


def _log_count_ratios(matrix: sparse.csr_matrix, labels: Labels) -> Margins:
    positive = np.asarray(matrix[labels == 1].sum(axis=0)).ravel() + RATIO_PRIOR
    negative = np.asarray(matrix[labels == 0].sum(axis=0)).ravel() + RATIO_PRIOR
    ratios: Margins = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    return ratios
