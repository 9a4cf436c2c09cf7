"""How the re-ranker learns: softmax over the candidates of a request, Adam, in numpy; offline and online the same step.

A network of six thousand weights needs no framework: a step over 128 requests takes some tens of milliseconds. What
serves is the moving average of the weights, which is what several networks averaged would say, at the price of one.
Shapes: B requests, C candidates of which the first was taken, F features, H units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking.reranker import HIDDEN, Floats, Reranker

#: Decay of Adam's moments (Kingma and Ba 2015) and the least root of a second moment.
FIRST_DECAY: Final = np.float32(0.9)
SECOND_DECAY: Final = np.float32(0.999)
LEAST_ROOT: Final = np.float32(1e-8)
#: A feature that hardly varies must not be blown up to unit variance.
LEAST_DEVIATION: Final = np.float32(1e-3)


@dataclass(frozen=True)
class LearningRules:
    """rate: Adam's step. decay: of the weights, decoupled (Loshchilov and Hutter 2019). batch: requests a step.

    kept: of the moving average of the weights, a step.
    """

    rate: float = 1e-3
    decay: float = 1e-4
    batch: int = 128
    kept: float = 0.98


class Learner:
    """A re-ranker in the making. One writer; deterministic for the same seed and calls."""

    def __init__(self, features: Sequence[str], rules: LearningRules, seed: int = 0) -> None:
        self._features = tuple(features)
        self._rules = rules
        self._random = np.random.default_rng(seed)
        sizes = (len(self._features), *HIDDEN, 1)
        # He et al. 2015; the last layer small, so that learning starts from "all alike".
        self._layers: list[Floats] = [
            (self._random.standard_normal((n, m)) * np.sqrt(2.0 / n) * (1.0 if m > 1 else 0.1)).astype(np.float32)
            for n, m in pairwise(sizes)
        ]
        self._n_weights = len(self._layers)
        self._layers += [np.zeros(m, np.float32) for m in sizes[1:]]
        self._reset_moments()
        self._mean = np.zeros(len(self._features), np.float32)
        self._scale = np.ones(len(self._features), np.float32)

    @classmethod
    def continued(cls, reranker: Reranker, rules: LearningRules, seed: int = 0) -> Learner:
        """A learner that goes on from a finished re-ranker, with its scales of the features."""
        learner = cls(reranker.features, rules, seed)
        learner._layers = [layer.copy() for layer in (*reranker.weights, *reranker.biases)]
        learner._mean, learner._scale = reranker.mean.copy(), reranker.scale.copy()
        learner._reset_moments()
        return learner

    @property
    def n_steps(self) -> int:
        """Steps taken so far."""
        return self._n_steps

    def fit_scales(self, features: NDArray[np.floating]) -> None:
        """Take the mean and deviation of each feature from (..., F). Once, before the first step: weights mean them."""
        rows = features.reshape(-1, features.shape[-1]).astype(np.float32)
        self._mean = np.nanmean(rows, axis=0)
        deviation = np.nanstd(rows, axis=0)
        varies = deviation > LEAST_DEVIATION
        self._scale = np.where(varies, 1.0 / np.where(varies, deviation, 1.0), 0.0).astype(np.float32)

    def fit(self, requests: NDArray[np.floating], n_passes: int, counts: Floats | None = None) -> float:
        """Pass over (B, C, F) in random order; the mean loss of the last pass, in nats. counts: see `gradients`."""
        losses = [0.0]
        for _ in range(n_passes):
            order = self._random.permutation(len(requests))
            batches = [np.sort(order[at : at + self._rules.batch]) for at in range(0, len(order), self._rules.batch)]
            losses = [self.step(requests[rows], None if counts is None else counts[rows]) for rows in batches]
        return float(np.mean(losses)) if losses else 0.0

    def step(self, requests: NDArray[np.floating], counts: Floats | None = None) -> float:
        """One step of Adam on (B, C, F); the loss before it, in nats. counts: see `gradients`."""
        loss, gradients = self.gradients(requests, counts)
        self._n_steps += 1
        first_bias = 1.0 - FIRST_DECAY**self._n_steps
        second_bias = 1.0 - SECOND_DECAY**self._n_steps
        rate, decay = np.float32(self._rules.rate), np.float32(self._rules.decay)
        # The average follows closely at first, when there is little to average.
        kept = np.float32(min(self._rules.kept, self._n_steps / (self._n_steps + 10.0)))
        for at, (layer, gradient) in enumerate(zip(self._layers, gradients, strict=True)):
            self._first[at] = FIRST_DECAY * self._first[at] + (1.0 - FIRST_DECAY) * gradient
            self._second[at] = SECOND_DECAY * self._second[at] + (1.0 - SECOND_DECAY) * gradient**2
            pull = self._first[at] / first_bias / (np.sqrt(self._second[at] / second_bias) + LEAST_ROOT)
            self._layers[at] = layer - rate * (pull + decay * layer if at < self._n_weights else pull)
            self._average[at] += (np.float32(1.0) - kept) * (self._layers[at] - self._average[at])
        return loss

    def gradients(self, requests: NDArray[np.floating], counts: Floats | None = None) -> tuple[float, list[Floats]]:
        """(mean loss -ln softmax(scores)[0] in nats, its gradient by each layer: weights first, then biases).

        counts: float32 (B,), how much each request counts, 1 on average over all; None: all alike.
        """
        n_requests, n_candidates, n_features = requests.shape
        now = Reranker(self._features, self._mean, self._scale, (), ())
        active = [now.standardised(requests).reshape(n_requests * n_candidates, n_features)]
        for at in range(self._n_weights):
            sums = active[-1] @ self._layers[at] + self._layers[self._n_weights + at]
            active.append(np.maximum(sums, 0.0, out=sums) if at < self._n_weights - 1 else sums)
        scores = active.pop().reshape(n_requests, n_candidates)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances = scores / scores.sum(axis=1, keepdims=True)
        losses = -np.log(np.maximum(chances[:, 0], 1e-12))
        loss = float((losses if counts is None else losses * counts).mean())
        chances[:, 0] -= 1.0
        if counts is not None:
            chances *= counts[:, None]
        slope = (chances / n_requests).reshape(-1, 1)
        weights: list[Floats] = []
        biases: list[Floats] = []
        for at in reversed(range(self._n_weights)):
            weights.insert(0, active[at].T @ slope)
            biases.insert(0, slope.sum(axis=0))
            if at:
                slope = (slope @ self._layers[at].T) * (active[at] > 0.0)
        return loss, weights + biases

    def reranker(self) -> Reranker:
        """The moving average of the weights, as a re-ranker of its own: later steps do not change it."""
        layers = [layer.copy() for layer in self._average]
        return Reranker(
            self._features,
            self._mean.copy(),
            self._scale.copy(),
            tuple(layers[: self._n_weights]),
            tuple(layers[self._n_weights :]),
        )

    def _reset_moments(self) -> None:
        self._first = [np.zeros_like(layer) for layer in self._layers]
        self._second = [np.zeros_like(layer) for layer in self._layers]
        self._average = [layer.copy() for layer in self._layers]
        self._n_steps = 0
