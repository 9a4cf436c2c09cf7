"""The re-ranker: a small network that reads one candidate's features and says how likely this one is to be taken.

    score(x) = w3·relu(W2·relu(W1·z + b1) + b2) + b3,   z = clip((x - mean)·scale, -6, 6)

Scores compare within one request only: the network was trained with a softmax over the candidates of a request.
It must be non-linear: whether a person follows what is new decides which way most signals point.
Shapes: N candidates, F features, H units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError

Floats = NDArray[np.float32]

#: Standard deviations beyond which a feature says no more: what no training showed must not rule a ranking.
CLIPPED_AT: Final = 6.0
HIDDEN: Final = (64, 32)


@dataclass(frozen=True)
class Reranker:
    """features: names of the F columns, in order. mean, scale: float32 (F,); a scale of 0 takes a feature out.

    weights: float32 (F, H1), (H1, H2), (H2, 1). biases: (H1,), (H2,), (1,).
    """

    features: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def standardised(self, features: NDArray[np.floating]) -> Floats:
        """float32 of the same shape (..., F); what is unknown (nan) becomes the mean."""
        scaled = (features.astype(np.float32, copy=False) - self.mean) * self.scale
        np.clip(scaled, -CLIPPED_AT, CLIPPED_AT, out=scaled)
        scaled[np.isnan(scaled)] = 0.0
        return scaled

    def score(self, features: NDArray[np.floating]) -> Floats:
        """float32 (N,) of features (N, F); higher is better, comparable within a request."""
        return self._forward(self.standardised(features))

    def contributions(self, features: NDArray[np.floating], groups: Sequence[NDArray[np.intp]]) -> Floats:
        """How much each group of columns adds to the score of each candidate, float32 (N, groups).

        The score minus the score with the group's columns at their means (occlusion). It is contribution, not cause,
        and since the network is not linear the parts need not add up to the whole.
        """
        known = self.standardised(features)
        whole = self._forward(known)
        parts = np.zeros((len(known), len(groups)), np.float32)
        for at, columns in enumerate(groups):
            without = known.copy()
            without[:, columns] = 0.0
            parts[:, at] = whole - self._forward(without)
        return parts

    def _forward(self, standardised: Floats) -> Floats:
        active = standardised
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            active = np.maximum(active @ weights + biases, 0.0)
        scores: Floats = (active @ self.weights[-1] + self.biases[-1])[:, 0]
        return scores

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """For `np.savez`; `from_arrays` reads it back."""
        arrays: dict[str, NDArray[np.generic]] = {
            "features": np.array(self.features),
            "mean": self.mean,
            "scale": self.scale,
        }
        for at, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            arrays[f"weights_{at}"], arrays[f"biases_{at}"] = weights, biases
        return arrays

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[np.generic]], features: Sequence[str]) -> Reranker:
        """Raises UsageError when the arrays were made for other features than `features`."""
        made_for = tuple(str(name) for name in arrays["features"])
        if made_for != tuple(features):
            odd = sorted(set(made_for) ^ set(features))[:5]
            raise UsageError(f"the re-ranker was trained on other features ({odd} ...); train it again: braid train")
        n_layers = sum(name.startswith("weights_") for name in arrays)
        return Reranker(
            made_for,
            arrays["mean"].astype(np.float32),
            arrays["scale"].astype(np.float32),
            tuple(arrays[f"weights_{at}"].astype(np.float32) for at in range(n_layers)),
            tuple(arrays[f"biases_{at}"].astype(np.float32) for at in range(n_layers)),
        )
