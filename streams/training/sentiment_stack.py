"""A layer that reads a text's vector beside what the words already say of it (stacking, Wolpert 1992).

How far words can be trusted hangs on what a text is about and how long it is, so that no fixed share of words and
vector is right for all. What the words say of the texts that this learns from must come from models that did not learn
them: margins of texts learnt by heart are too good to be trusted later.

N texts, D dimensions of a vector, U units of all layers together, I inputs: the vector, then `N_SAID` numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from streams.meaning.sentiment_weights import StackWeights, VectorWeights
from streams.training.sentiment_linear import Labels, Margins
from streams.training.side_by_side import Schedule, learn

SEED: Final = 0
LAYERS: Final = 3
UNITS: Final = 128
SCHEDULE: Final = Schedule(passes=15, texts_a_step=128, decay=0.05)
INPUTS_LEFT_OUT: Final = 0.2
UNITS_LEFT_OUT: Final = 0.4
#: About one label in a hundred is wrong: nothing is learnt as if it were certain (label smoothing).
DOUBT: Final = 0.05
#: What differs less between texts is no difference.
LEAST_SIZE: Final = 1e-3
#: How loud what the words say is at first, beside 512 coordinates.
LOUDNESS: Final = 1.5


class _Layers(torch.nn.Module):
    """LAYERS layers side by side, none of which sees another, and the words' margins as they are."""

    def __init__(self, dimensions: int, n_said: int, n_margins: int) -> None:
        super().__init__()
        self.of_vector = torch.nn.Parameter(torch.randn(dimensions, LAYERS * UNITS) / dimensions**0.5)
        self.of_said = torch.nn.Parameter(torch.randn(n_said, LAYERS * UNITS) * 0.3)
        self.thresholds = torch.nn.Parameter(torch.zeros(LAYERS * UNITS))
        self.outward = torch.nn.Parameter(torch.randn(LAYERS, UNITS) / UNITS**0.5)
        self.direct = torch.nn.Parameter(torch.full((n_margins,), 0.8))
        self.intercepts = torch.nn.Parameter(torch.zeros(LAYERS))

    def forward(self, vectors: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        """Float32 (N, D), (N, N_SAID) to a logit of each layer (N, LAYERS), with inputs and units left out."""
        seen = torch.nn.functional.dropout(vectors, INPUTS_LEFT_OUT)
        pulled = seen @ self.of_vector + said @ self.of_said * LOUDNESS + self.thresholds
        units = torch.nn.functional.dropout(torch.relu(pulled), UNITS_LEFT_OUT)
        passed_on = said[:, : len(self.direct)] @ self.direct
        return (units.view(-1, LAYERS, UNITS) * self.outward).sum(dim=-1) + self.intercepts + passed_on[:, None]


def fit_stack(vectors: NDArray[np.float32], said: Margins, n_margins: int, labels: Labels) -> StackWeights:
    """The mean of the layers. The same texts give the same weights.

    vectors: (N, D). said: (N, N_SAID), of which the first n_margins are margins, by models that did not learn the text.
    labels: 1 or 0 (N,).
    """
    vector_mean, vector_size = vectors.mean(axis=0, dtype=np.float64), float(vectors.std(dtype=np.float64))
    said_mean, said_size = said.mean(axis=0), said.std(axis=0)
    said_size[said_size < LEAST_SIZE] = 1.0
    even = torch.from_numpy(((vectors - vector_mean) / vector_size).astype(np.float32))
    even_said = torch.from_numpy(((said - said_mean) / said_size).astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        layers = _Layers(vectors.shape[1], said.shape[1], n_margins)
        fading = [layers.of_vector, layers.of_said, layers.outward]
        lasting = [layers.thresholds, layers.intercepts, layers.direct]
        wanted = torch.from_numpy(labels).float() * (1 - 2 * DOUBT) + DOUBT
        learn(lambda rows: layers(even[rows], even_said[rows]), wanted, SCHEDULE, fading, lasting)
    # What was taken off and divided by goes into the weights, so that inputs are read as they come.
    of_vector = layers.of_vector.detach().numpy().T.astype(np.float64) / vector_size
    of_said = layers.of_said.detach().numpy().T.astype(np.float64) * LOUDNESS / said_size
    direct = layers.direct.detach().numpy().astype(np.float64) / said_size[:n_margins]
    # The thresholds undo the means as the file rounds the weights, not as they were learnt.
    inward = np.concatenate([of_vector, of_said], axis=1).astype(np.float16).astype(np.float32)
    thresholds = layers.thresholds.detach().numpy() - inward @ np.concatenate([vector_mean, said_mean])
    return StackWeights(
        layer=VectorWeights(
            inward=np.ascontiguousarray(inward),
            thresholds=thresholds.astype(np.float32),
            outward=(layers.outward / LAYERS).detach().numpy().ravel(),
            intercept=float(layers.intercepts.detach().mean()) - float(direct @ said_mean[:n_margins]),
        ),
        direct=tuple(direct.tolist()),
    )
