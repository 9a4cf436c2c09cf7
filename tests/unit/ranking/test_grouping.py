"""Machine code merges interests exactly as the domain does: an answer does not depend on whether it is there yet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.interests import closest_pairs
from streams.ranking import grouping
from streams.ranking.grouping import compiled_pairs


@pytest.mark.requirement("K7")
@given(
    n=st.integers(1, 24),
    n_kinds=st.integers(1, 6),
    spread=st.floats(0.0, 1.0),
    threshold=st.floats(-1.0, 1.0),
    seed=st.integers(0, 999),
)
@settings(deadline=None)
def test_compiled_and_plain_merge_the_same_pairs_in_the_same_order(n, n_kinds, spread, threshold, seed) -> None:
    random = np.random.default_rng(seed)
    kinds = random.normal(size=(n_kinds, 8))
    # spread 0: many rows are equal, and every digit of a tie counts.
    rows = kinds[random.integers(0, n_kinds, n)] + spread * random.normal(size=(n, 8))
    products = (rows @ rows.T).astype(np.float32).astype(np.float64)
    products = np.maximum(products, products.T)
    np.testing.assert_array_equal(compiled_pairs(products, threshold), closest_pairs(products, threshold))


def test_rows_of_zeros_are_close_to_nothing() -> None:
    products = np.diag([1.0, 0.0, 0.0])
    assert compiled_pairs(products, 0.5).tolist() == closest_pairs(products, 0.5).tolist() == []


def test_the_same_pairs_come_before_and_after_the_machine_code_is_there(monkeypatch) -> None:
    rows = np.random.default_rng(1).normal(size=(9, 4))
    products = rows @ rows.T
    monkeypatch.setattr(grouping, "_is_warm", False)
    before = grouping.pairs(products, 0.2)
    grouping.warm()
    np.testing.assert_array_equal(grouping.pairs(products, 0.2), before)
