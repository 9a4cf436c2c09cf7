"""A small layer of rectified units on the encoder's vectors, three of them averaged.

What praise looks like differs between films and kettles; units that answer to one of them only can tell it, a single
direction for all cannot. Units and inputs are left out at random while learning (dropout, Srivastava et al. 2014):
some thousand texts would be learnt by heart without. The settings were chosen by cross validation (docs/meaning.md).

N texts, D dimensions of a vector, U units of all layers together.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from streams.meaning.sentiment_weights import VectorWeights
from streams.training.sentiment_linear import Labels
from streams.training.side_by_side import Schedule, learn

SEED: Final = 0
LAYERS: Final = 3
UNITS: Final = 64
SCHEDULE: Final = Schedule(passes=12, texts_a_step=64, decay=0.01)
INPUTS_LEFT_OUT: Final = 0.25
UNITS_LEFT_OUT: Final = 0.5
#: Unit vectors are stretched to this length: their coordinates are then about 1.
LENGTH: Final = 20.0


class _Layers(torch.nn.Module):
    """LAYERS layers side by side, none of which sees another; learnt in one go."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.inward = torch.nn.Parameter(torch.randn(dimensions, LAYERS * UNITS) / dimensions**0.5)
        self.thresholds = torch.nn.Parameter(torch.zeros(LAYERS * UNITS))
        self.outward = torch.nn.Parameter(torch.randn(LAYERS, UNITS) / UNITS**0.5)
        self.intercepts = torch.nn.Parameter(torch.zeros(LAYERS))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Float32 (N, D) to a logit of each layer (N, LAYERS), with units left out."""
        seen = torch.nn.functional.dropout(vectors, INPUTS_LEFT_OUT)
        units = torch.nn.functional.dropout(torch.relu(seen @ self.inward + self.thresholds), UNITS_LEFT_OUT)
        return (units.view(-1, LAYERS, UNITS) * self.outward).sum(dim=-1) + self.intercepts


def fit_layer(vectors: NDArray[np.float32], labels: Labels) -> VectorWeights:
    """Vectors (N, D) and labels 1 or 0 (N,) to the mean of the layers. The same texts give the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        layers = _Layers(vectors.shape[1])
        stretched = torch.from_numpy(vectors * np.float32(LENGTH))
        fading, lasting = [layers.inward, layers.outward], [layers.thresholds, layers.intercepts]
        learn(lambda rows: layers(stretched[rows]), torch.from_numpy(labels).float(), SCHEDULE, fading, lasting)
    inward = layers.inward.detach().numpy().T * LENGTH
    return VectorWeights(
        inward=np.ascontiguousarray(inward).astype(np.float16).astype(np.float32),
        thresholds=layers.thresholds.detach().numpy(),
        outward=(layers.outward / LAYERS).detach().numpy().ravel(),
        intercept=float(layers.intercepts.detach().mean()),
    )
