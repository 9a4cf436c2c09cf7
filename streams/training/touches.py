"""What people took to, as every part of `braid train` reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.ranking.online import Touches


@dataclass(frozen=True)
class TouchLog:
    """T touches, oldest first. users, items: rows (T,). times_s: (T,) of a clock that all share. weights: (T,), > 0."""

    users: NDArray[np.intp]
    items: NDArray[np.intp]
    times_s: NDArray[np.float64]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.users)

    def steps(self) -> Iterator[Touches]:
        """One a time, oldest first."""
        for rows in np.split(np.arange(len(self)), np.flatnonzero(np.diff(self.times_s)) + 1):
            if len(rows):
                yield Touches(self.users[rows], self.items[rows], float(self.times_s[rows[0]]), self.weights[rows])
