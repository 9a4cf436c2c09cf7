"""Several networks as one: they read a candidate once, in a few large products of matrices instead of many small ones.

Shapes: M networks, N candidates, F features, H units, G groups of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.ranking.compiled import compiled
from streams.ranking.reranker import CLIPPED_AT, Floats, Reranker

_MOST = np.float32(CLIPPED_AT)


@dataclass(frozen=True)
class Ensemble:
    """members: what it stands for. weights: float32 (M, F, H1) and so on; biases: (M, 1, H1).

    scales_alike: whether all members standardise alike, as those that learnt from the same examples do.
    """

    members: tuple[Reranker, ...]
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    scales_alike: bool

    @classmethod
    def of(cls, members: Sequence[Reranker]) -> Ensemble:
        """members: one at least, of the same layers."""
        n_layers, first = range(len(members[0].weights)), members[0]
        return cls(
            tuple(members),
            tuple(np.stack([each.weights[at] for each in members]) for at in n_layers),
            tuple(np.stack([each.biases[at] for each in members])[:, None] for at in n_layers),
            all(np.array_equal(first.mean, each.mean) and np.array_equal(first.scale, each.scale) for each in members),
        )

    def score(self, features: Floats) -> Floats:
        """float32 (N,) of features (N, F): the mean over the networks, each less its own mean over the candidates."""
        if not len(features):
            return np.zeros(0, np.float32)
        scores = self._forward(self._standardised(features))
        mean: Floats = (scores - scores.mean(axis=1, keepdims=True)).mean(axis=0)
        return mean

    def contributions(self, features: Floats, groups: Sequence[NDArray[np.intp]]) -> Floats:
        """float32 (N, G): the mean of `Reranker.contributions`."""
        known = self._standardised(features)  # (..., N, F)
        variants = np.repeat(known[..., None, :, :], len(groups) + 1, axis=-3)
        for at, columns in enumerate(groups, 1):
            variants[..., at, :, columns] = 0.0
        shape = (*known.shape[:-2], -1, features.shape[1])
        scores = self._forward(variants.reshape(shape)).reshape(len(self.members), len(groups) + 1, len(features))
        parts: Floats = (scores[:, :1] - scores[:, 1:]).mean(axis=0).T
        return parts

    def _standardised(self, features: Floats) -> Floats:
        """(N, F) where all members scale alike; else (M, N, F)."""
        if self.scales_alike:
            first = self.members[0]
            return _standardised(np.ascontiguousarray(features), first.mean, first.scale)
        return np.stack([each.standardised(features) for each in self.members])

    def _forward(self, standardised: Floats) -> Floats:
        """(M, N) of (N, F) or (M, N, F)."""
        active = standardised
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            active = np.matmul(active, weights)
            _activate(active, biases)
        scores: Floats = (np.matmul(active, self.weights[-1]) + self.biases[-1])[..., 0]
        return scores


@compiled
def _standardised(features: Floats, mean: Floats, scale: Floats) -> Floats:
    """`Reranker.standardised` of (N, F) in one pass, digit by digit."""
    known = np.empty_like(features)
    for at in range(len(features)):
        for column in range(len(mean)):
            value = (features[at, column] - mean[column]) * scale[column]
            value = min(max(value, -_MOST), _MOST) if value == value else np.float32(0.0)  # noqa: PLR0124 - nan is not
            known[at, column] = value
    return known


@compiled
def _activate(active: Floats, biases: Floats) -> None:
    """max(active + biases, 0) in place, of (M, N, H) and (M, 1, H)."""
    for member in range(len(active)):
        for at in range(active.shape[1]):
            for unit in range(active.shape[2]):
                value = active[member, at, unit] + biases[member, 0, unit]
                active[member, at, unit] = value if value > 0.0 else np.float32(0.0)
