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

SEED: Final = 0
LAYERS: Final = 3
UNITS: Final = 64
PASSES: Final = 12
TEXTS_A_STEP: Final = 64
INPUTS_LEFT_OUT: Final = 0.25
UNITS_LEFT_OUT: Final = 0.5
DECAY: Final = 0.01
#: Highest learning rate; it rises over the first tenth of the steps and falls over the rest.
RATE: Final = 2e-3
RISE: Final = 0.1
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
        _learn(layers, torch.from_numpy(vectors * np.float32(LENGTH)), torch.from_numpy(labels).float())
    inward = layers.inward.detach().numpy().T * LENGTH
    return VectorWeights(
        inward=np.ascontiguousarray(inward).astype(np.float16).astype(np.float32),
        thresholds=layers.thresholds.detach().numpy(),
        outward=(layers.outward / LAYERS).detach().numpy().ravel(),
        intercept=float(layers.intercepts.detach().mean()),
    )


def _learn(layers: _Layers, vectors: torch.Tensor, labels: torch.Tensor) -> None:
    n_steps = PASSES * -(-len(labels) // TEXTS_A_STEP)
    optimizer = torch.optim.AdamW(
        [
            {"params": [layers.inward, layers.outward], "weight_decay": DECAY},
            {"params": [layers.thresholds, layers.intercepts], "weight_decay": 0.0},
        ],
        lr=RATE,
    )
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=n_steps + 1, pct_start=RISE)
    for _ in range(PASSES):
        order = torch.randperm(len(labels))
        for rows in order.split(TEXTS_A_STEP):  # type: ignore[no-untyped-call] # torch's own
            wanted = labels[rows, None].expand(-1, LAYERS)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(layers(vectors[rows]), wanted)
            optimizer.zero_grad()
            # The loss is a mean over the layers, too; each is to learn as if it were alone.
            (LAYERS * loss).backward()  # type: ignore[no-untyped-call] # torch's own
            optimizer.step()
            rate.step()
