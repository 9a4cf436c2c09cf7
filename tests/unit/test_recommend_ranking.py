from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.ranking import (
    Facts,
    ScoreWeights,
    closeness,
    cosines_of,
    diverse_choice,
    total_scores,
    within_range,
)

N = 4


def facts(**changes: list[float]) -> Facts:
    neutral = {"ages_s": [0.0] * N, "popularity": [0.0] * N, "price_gaps": [float("nan")] * N}
    return Facts(**{name: np.array(values) for name, values in (neutral | changes).items()})


def scores(**changes: list[float]) -> list[float]:
    return total_scores(np.full(N, 0.5), np.zeros(N), facts(**changes), ScoreWeights()).tolist()


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    "part",
    [{"ages_s": [0.0, 1e5, 1e6, 1e7]}, {"popularity": [90.0, 9.0, 1.0, 0.0]}, {"price_gaps": [0.0, 0.5, 1.0, 3.0]}],
)
def test_of_equally_close_items_the_newer_the_more_popular_and_the_usually_priced_win(part) -> None:
    ranked = scores(**part)
    assert ranked == sorted(ranked, reverse=True)
    assert len(set(ranked)) == N


@pytest.mark.requirement("K3")
def test_no_other_part_outweighs_a_clear_difference_of_interest() -> None:
    best = facts(ages_s=[1e9, 0, 0, 0], popularity=[0, 1e9, 1e9, 1e9], price_gaps=[9.0, 0, 0, 0])
    ranked = total_scores(np.array([0.8, 0.5, 0.5, 0.5]), np.zeros(N), best, ScoreWeights())
    assert ranked.argmax() == 0


def test_what_is_close_to_something_disliked_sinks() -> None:
    ranked = total_scores(np.full(N, 0.5), np.array([0.0, 0.9, 0.0, 0.0]), facts(), ScoreWeights())
    assert ranked.argmin() == 1


def test_closeness_starts_where_unrelated_texts_are() -> None:
    assert closeness(np.array([0.8, 0.9, 1.0, -1.0]), 0.8).round(6).tolist() == [0.0, 0.5, 1.0, 0.0]


@given(st.integers(1, 30), st.integers(1, 12), st.floats(0, 1), st.integers(0, 1_000))
def test_a_diverse_choice_is_k_different_ones_in_the_order_of_score_with_the_best_first(n, k, diversity, seed) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    falling = np.sort(rng.random(n))[::-1]
    chosen = diverse_choice(falling, vectors, k, diversity, 0.0)
    assert len(chosen) == len(set(chosen)) == min(k, n)
    assert chosen == sorted(chosen)
    assert chosen[0] == 0


@pytest.mark.requirement("K5")
def test_more_diversity_means_less_in_common() -> None:
    rng = np.random.default_rng(7)
    centres = rng.standard_normal((5, 16))
    vectors = np.repeat(centres, 10, axis=0) + 0.1 * rng.standard_normal((50, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    falling = np.linspace(0.9, 0.4, 50)

    def in_common(diversity: float) -> float:
        chosen = vectors[diverse_choice(falling, vectors, 5, diversity, 0.0)]
        return float((chosen @ chosen.T)[np.triu_indices(5, 1)].mean())

    measured = [in_common(diversity) for diversity in (0.0, 0.3, 0.6, 1.0)]
    assert measured == sorted(measured, reverse=True)
    assert measured[0] > 0.9
    assert measured[-1] < 0.3


@pytest.mark.requirement("K5")
def test_a_little_diversity_does_not_throw_out_what_a_sure_ranker_puts_first() -> None:
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((50, 16)) + np.where(np.arange(50) < 10, 2.0, 0.0)[:, None]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)  # the best are alike
    logits = np.linspace(7.0, 3.0, 50)

    def kept_of_the_best(relevance: np.ndarray, diversity: float) -> int:
        return len(set(diverse_choice(relevance, vectors, 10, diversity, 0.0)) & set(range(10)))

    kept = [kept_of_the_best(within_range(logits), part) for part in (0.0, 0.2, 0.5, 1.0)]
    assert kept == sorted(kept, reverse=True)
    assert kept[1] >= 6
    assert kept[-1] <= 3
    # As probabilities they are all near 1, and nothing is left to weigh closeness against.
    assert kept_of_the_best(1.0 / (1.0 + np.exp(-logits)), 0.2) <= 3


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_parts_of_a_range_keep_the_order_and_fill_the_range(values: list[float]) -> None:
    scores = np.sort(np.array(values))[::-1]
    parts = within_range(scores)
    assert (np.diff(parts) <= 0).all()
    assert parts.max() == 1.0
    assert parts.min() == (0.0 if scores[0] > scores[-1] else 1.0)


@pytest.mark.requirement("K7")
@given(n=st.integers(1, 70), n_queries=st.integers(1, 9), seed=st.integers(0, 99))
@settings(deadline=None)
def test_equal_vectors_get_equal_cosines_wherever_they_stand(n, n_queries, seed) -> None:
    random = np.random.default_rng(seed)
    queries = random.normal(size=(n_queries, 384)).astype(np.float32)
    vectors = np.repeat(random.normal(size=(1, 384)).astype(np.float32), n, axis=0)
    cosines = cosines_of(queries, vectors)
    assert (cosines == cosines[:, :1]).all()
    np.testing.assert_array_equal(cosines_of(queries[:1], vectors[:1])[0, 0], cosines[0, 0])
