"""The greatest of many numbers, in one pass: all but a few are told by one comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.ranking.compiled import compiled
from streams.ranking.state import Doubles, Ints


@compiled
def top(rows: Ints, values: NDArray[np.float64], n: int) -> Ints:
    """The rows of the n >= 1 greatest positive values, in no order; which of equal ones at the edge is left open."""
    kept, heap = np.empty(n, np.int32), np.empty(n)  # the least kept is on top
    n_kept = 0
    for at in range(len(rows)):
        value = values[at]
        if not value > (heap[0] if n_kept == n else 0.0):
            continue
        if n_kept < n:
            n_kept += 1
            _rise(kept, heap, n_kept - 1, rows[at], value)
        else:
            _sink(kept, heap, rows[at], value)
    return kept[:n_kept]


@compiled
def _rise(kept: Ints, heap: Doubles, place: int, row: int, value: float) -> None:
    """Put in a value from the bottom of the heap."""
    while place > 0 and heap[(place - 1) // 2] > value:
        kept[place], heap[place] = kept[(place - 1) // 2], heap[(place - 1) // 2]
        place = (place - 1) // 2
    kept[place], heap[place] = row, value


@compiled
def _sink(kept: Ints, heap: Doubles, row: int, value: float) -> None:
    """Put in a value instead of the least."""
    place, n = 0, len(heap)
    while 2 * place + 1 < n:
        lesser = 2 * place + 1
        if lesser + 1 < n and heap[lesser + 1] < heap[lesser]:
            lesser += 1
        if heap[lesser] >= value:
            break
        kept[place], heap[place] = kept[lesser], heap[lesser]
        place = lesser
    kept[place], heap[place] = row, value
