"""Pairs of items that the same person took to one after the other: what an adapter learns closeness from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S
from streams.training.touches import TouchLog


@dataclass(frozen=True)
class PairRules:
    """window_days: most between the two. n_before: each touch is paired with so many before it.

    max_pairs: the latest that count.
    """

    window_days: float = 60.0
    n_before: int = 3
    max_pairs: int = 200_000


@dataclass(frozen=True)
class Pairs:
    """P pairs, oldest first. earlier, later: item rows (P,). at_s: (P,), of the later one."""

    earlier: NDArray[np.intp]
    later: NDArray[np.intp]
    at_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.later)

    def part(self, rows: slice) -> Pairs:
        """Some neighbouring pairs."""
        return Pairs(self.earlier[rows], self.later[rows], self.at_s[rows])


def pairs_of(log: TouchLog, has_vector: NDArray[np.bool_], rules: PairRules) -> Pairs:
    """Pairs of two different items that both have a vector. has_vector: (I,).

    Touches of one time say nothing about which came first and make no pair with each other.
    """
    placed = np.flatnonzero(has_vector[log.items])
    order = placed[np.lexsort((log.times_s[placed], log.users[placed]))]
    users, items, times_s = log.users[order], log.items[order], log.times_s[order]
    is_new = np.ones(len(order), np.bool_)  # begins a time of its person
    is_new[1:] = (users[1:] != users[:-1]) | (times_s[1:] != times_s[:-1])
    begins = np.maximum.accumulate(np.where(is_new, np.arange(len(order)), 0))
    found = []
    for back in range(1, rules.n_before + 1):
        before = begins - back
        later = np.flatnonzero(before >= 0)
        earlier = before[later]
        near = times_s[later] - times_s[earlier] <= rules.window_days * DAY_S
        kept = (users[earlier] == users[later]) & near & (items[earlier] != items[later])
        found.append(np.stack([earlier[kept], later[kept]]))
    rows = np.concatenate(found, axis=1) if found else np.zeros((2, 0), np.intp)
    rows = rows[:, np.lexsort((rows[0], rows[1], times_s[rows[1]]))][:, -rules.max_pairs :]
    return Pairs(items[rows[0]], items[rows[1]], times_s[rows[1]])
