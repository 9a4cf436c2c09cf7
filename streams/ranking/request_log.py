"""What was on offer when something was taken: the examples that the re-ranker learns from, a bounded number of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking.features import N_FEATURES

Halves = NDArray[np.float16]

MAX_REQUESTS: Final = 20_000
#: Candidates kept of each request: the one that was taken, and a sample of the others.
N_KEPT: Final = 61


class RequestLog:
    """The latest requests as float16 (M, C, F); column 0 of C is what was taken. seed: of the samples."""

    def __init__(self, max_requests: int = MAX_REQUESTS, seed: int = 0) -> None:
        self._tables: Halves = np.zeros((0, N_KEPT, N_FEATURES), np.float16)
        self._max = max_requests
        self._n = 0
        self._random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return min(self._n, self._max)

    @property
    def n_added(self) -> int:
        """Requests logged so far, those that gave way to later ones too."""
        return self._n

    def add(self, table: NDArray[np.floating], taken: int) -> None:
        """Log a request: features (N, F) of its candidates, N > 1, and which of them was taken."""
        others = np.delete(np.arange(len(table)), taken)
        sample = self._random.choice(others, N_KEPT - 1, replace=len(others) < N_KEPT - 1)
        if self._n == len(self._tables) < self._max:
            longer = np.zeros((min(max(2 * self._n, 256), self._max), N_KEPT, N_FEATURES), np.float16)
            longer[: self._n] = self._tables
            self._tables = longer
        self._tables[self._n % self._max] = table[np.append(taken, sample)]
        self._n += 1

    def latest(self, n: int) -> Halves:
        """The n latest requests, oldest first."""
        n = min(n, len(self))
        tables: Halves = self._tables[np.arange(self._n - n, self._n) % self._max]
        return tables
