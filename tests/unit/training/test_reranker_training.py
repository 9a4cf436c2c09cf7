from __future__ import annotations

import numpy as np
import pytest

from streams.domain.decay import DAY_S
from streams.errors import UsageError
from streams.ranking.features import FEATURES, N_FEATURES
from streams.ranking.online import Touches
from streams.ranking.replays import Items
from streams.training.reranker import LEAST_EXAMPLES, MAX_PASSES, examples_of, fit


def made_up(n: int, telling: str, seed: int = 0) -> np.ndarray:
    """Examples in which the item with the most of one feature was taken; the others are noise."""
    tables = np.random.default_rng(seed).normal(size=(n, 15, N_FEATURES)).astype(np.float16)
    at = FEATURES.index(telling)
    best = tables[:, :, at].argmax(axis=1)
    rows = np.arange(n)
    tables[rows, 0], tables[rows, best] = tables[rows, best].copy(), tables[rows, 0].copy()
    return tables


@pytest.mark.requirement("K9")
def test_it_learns_what_popularity_does_not_know() -> None:
    rerankers, metrics = fit(made_up(900, telling="co_visit"), seed=0, n_networks=1)
    assert len(rerankers) == 1
    assert metrics.n_held_out == 135
    assert metrics.hits > 0.95 > metrics.by_heat


@pytest.mark.requirement("K9")
def test_it_stops_when_the_future_gains_no_more() -> None:
    # Nothing to learn: whatever is learnt is noise, and the held-out loss soon rises.
    noise = np.random.default_rng(0).normal(size=(600, 15, N_FEATURES)).astype(np.float16)
    _, metrics = fit(noise, seed=0, n_networks=1)
    assert metrics.passes[0] < MAX_PASSES
    assert metrics.loss < np.log(15) + 0.1


def test_the_same_seed_gives_the_same_metrics() -> None:
    examples = made_up(LEAST_EXAMPLES, telling="words_best")
    assert fit(examples, 5, 1)[1] == fit(examples, 5, 1)[1]


def test_too_few_examples_are_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match="longer log"):
        fit(made_up(LEAST_EXAMPLES - 1, telling="words"), seed=0)


def test_a_replay_logs_an_example_for_what_was_on_offer_already() -> None:
    items = Items(["tea", "pan"], np.array([0, 0]), 1)
    steps = [Touches(np.array([user]), np.array([user % 2]), user * DAY_S, np.ones(1)) for user in range(6)]
    # The first two touch items that nobody touched before: no candidates, no examples.
    assert len(examples_of(steps, items, n_users=6, seed=0)) == 4
