from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.ranking.adapter import Adapter


def an_adapter(seed: int = 0, dim: int = 6, to: int = 4) -> Adapter:
    return Adapter("model@1", np.random.default_rng(seed).normal(size=(dim, to)).astype(np.float32))


def some_vectors(n: int, seed: int = 1, dim: int = 6) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.requirement("D7")
@given(seed=st.integers(0, 99), n=st.integers(1, 9))
def test_rows_have_unit_length_and_the_adapters_dimensions(seed: int, n: int) -> None:
    turned = an_adapter(seed).apply(some_vectors(n, seed))
    assert (turned.shape, turned.dtype) == ((n, 4), np.float32)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1.0, rtol=1e-5)


def test_a_vector_without_content_stays_without() -> None:
    vectors = some_vectors(3)
    vectors[1] = 0.0
    turned = an_adapter().apply(vectors)
    assert not turned[1].any()
    assert turned[[0, 2]].any(axis=1).all()


@given(seed=st.integers(0, 99))
def test_a_batch_gives_what_its_vectors_give_one_by_one(seed: int) -> None:
    adapter, vectors = an_adapter(seed), some_vectors(5, seed)
    singles = np.concatenate([adapter.apply(vectors[row : row + 1]) for row in range(5)])
    np.testing.assert_allclose(adapter.apply(vectors), singles, rtol=1e-5, atol=1e-6)


@pytest.mark.requirement("D11", "H4")
@given(seed=st.integers(0, 99), weights=st.lists(st.floats(0.1, 8.0), min_size=3, max_size=3))
def test_what_a_profile_sums_up_can_be_turned_as_it_is(seed: int, weights: list[float]) -> None:
    # Turning the kept sum and summing up what was turned (before its length is taken) point the same way.
    adapter, vectors = an_adapter(seed), some_vectors(3, seed)
    kept = np.array(weights, np.float32) @ vectors
    of_turned = np.array(weights) @ (vectors.astype(np.float64) @ adapter.weights)
    turned = adapter.apply(kept[None])[0]
    assert turned @ (of_turned / np.linalg.norm(of_turned)) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.requirement("D11")
def test_adapters_of_other_weights_or_of_another_encoder_have_other_labels() -> None:
    adapter = an_adapter()
    assert adapter.label.startswith("model@1+adapter-")
    assert adapter.label == an_adapter().label
    others = {an_adapter(1).label, an_adapter(to=3).label, Adapter("model@2", adapter.weights).label}
    assert len(others | {adapter.label}) == 4


def test_arrays_give_back_what_was_written() -> None:
    again = Adapter.from_arrays(an_adapter().to_arrays())
    assert again.label == an_adapter().label


@pytest.mark.parametrize("weights", [np.zeros(3, np.float32), np.full((2, 2), np.nan, np.float32)])
def test_what_is_no_matrix_of_numbers_is_refused(weights: np.ndarray) -> None:
    with pytest.raises(UsageError, match="braid train"):
        Adapter("model@1", weights)


def test_arrays_of_something_else_are_refused() -> None:
    with pytest.raises(UsageError, match="not an adapter"):
        Adapter.from_arrays({"weights": np.eye(2, dtype=np.float32)})
