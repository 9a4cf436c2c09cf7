from __future__ import annotations

import numpy as np
import pytest

from streams.domain.decay import DAY_S
from streams.errors import UsageError
from streams.ranking.features import FEATURES, N_FEATURES
from streams.ranking.replays import Items
from streams.training.reranker import LEAST_EXAMPLES, MAX_PASSES, Examples, examples_of, fit
from streams.training.touches import TouchLog


def made_up(n: int, telling: str, seed: int = 0) -> Examples:
    """Examples in which the item with the most of one feature was taken; the others are noise."""
    tables = np.random.default_rng(seed).normal(size=(n, 15, N_FEATURES)).astype(np.float16)
    at = FEATURES.index(telling)
    best = tables[:, :, at].argmax(axis=1)
    rows = np.arange(n)
    tables[rows, 0], tables[rows, best] = tables[rows, best].copy(), tables[rows, 0].copy()
    return Examples(tables, np.arange(n, dtype=np.float64))


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
    _, metrics = fit(Examples(noise, np.zeros(len(noise))), seed=0, n_networks=1)
    assert metrics.passes[0] < MAX_PASSES
    assert metrics.loss < np.log(15) + 0.1


def test_the_same_seed_gives_the_same_metrics() -> None:
    examples = made_up(LEAST_EXAMPLES, telling="words_best")
    assert fit(examples, 5, 1)[1] == fit(examples, 5, 1)[1]


def test_too_few_examples_are_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match="longer log"):
        fit(made_up(LEAST_EXAMPLES - 1, telling="words"), seed=0)


@pytest.mark.requirement("N5")
def test_balance_serves_those_better_of_whom_there_are_few_examples() -> None:
    # Of people with short histories one feature tells what they take, of the others another one.
    few, many = made_up(60, telling="words_best", seed=1), made_up(1_200, telling="co_visit", seed=2)
    column = FEATURES.index("person_touches")
    few.tables[:, :, column], many.tables[:, :, column] = np.log1p(2), np.log1p(40)
    mixed = np.random.default_rng(0).permutation(1_260)
    examples = Examples(np.concatenate([few.tables, many.tables])[mixed], np.arange(1_260.0))
    plain, balanced = (fit(examples, seed=0, n_networks=1, balance=wish)[1] for wish in (False, True))
    assert balanced.hits_by_history["0-5"] > plain.hits_by_history["0-5"]
    assert (plain.is_balanced, balanced.is_balanced) == (False, True)


def test_a_replay_logs_an_example_for_what_was_on_offer_already() -> None:
    items = Items(["tea", "pan"], np.array([0, 0]), 1)
    log = TouchLog(np.arange(6), np.arange(6) % 2, np.arange(6) * DAY_S, np.ones(6))
    # The first two touch items that nobody touched before: no candidates, no examples.
    examples = examples_of(log, items, n_users=6, seed=0)
    assert len(examples.tables) == 4
    assert (examples.times_s / DAY_S).tolist() == [2, 3, 4, 5]
