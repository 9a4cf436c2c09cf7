"""The greatest of many numbers: the same as sorting all of them brings."""

from __future__ import annotations

import numpy as np
import pytest

from streams.ranking.tops import top


@pytest.mark.parametrize("n", [1, 2, 7, 120, 500, 900])
def test_the_top_is_what_sorting_brings(n: int) -> None:
    rng = np.random.default_rng(n)
    rows, values = rng.permutation(5_000)[:500].astype(np.int32), rng.standard_normal((500, 3))[:, 1]
    order = np.argsort(-values)[:n]
    assert set(top(rows, values, n).tolist()) == set(rows[order[values[order] > 0.0]].tolist())


def test_what_is_not_positive_never_comes() -> None:
    rows = np.arange(4, dtype=np.int32)
    assert top(rows, np.array([0.0, -1.0, 2.0, 0.0]), 3).tolist() == [2]
    assert top(rows[:0], np.zeros(0), 3).tolist() == []


def test_of_equal_ones_at_the_edge_as_many_come_as_there_is_room_for() -> None:
    rows = np.arange(6, dtype=np.int32)
    found = top(rows, np.array([1.0, 3.0, 1.0, 1.0, 2.0, 1.0]), 3).tolist()
    assert len(set(found)) == 3
    assert {1, 4} < set(found)
