"""An adapter is learnt from what people took to one after the other, and told apart from one that gains nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from streams.domain.decay import DAY_S
from streams.errors import UsageError
from streams.training.adapter import AdapterRules, Encoded, fit_adapter, neighbours_kept, principal_axes
from streams.training.pairs import PairRules, Pairs, pairs_of
from streams.training.touches import TouchLog
from tests.support.small_logs import logs

DIM, TELLING, N_ITEMS = 16, 4, 1_200
QUICK = AdapterRules(rate=3e-3, batch=256, max_passes=6)


def touches(*events: tuple[int, int, float]) -> TouchLog:
    users, items, days = (np.array(column) for column in zip(*sorted(events, key=lambda each: each[2]), strict=True))
    return TouchLog(users.astype(np.intp), items.astype(np.intp), days * DAY_S, np.ones(len(users)))


def pairs_in(log: TouchLog, **rules: float) -> set[tuple[int, int]]:
    known = np.ones(int(log.items.max()) + 1, np.bool_)
    found = pairs_of(log, known, PairRules(**rules))
    return set(zip(found.earlier.tolist(), found.later.tolist(), strict=True))


def a_catalogue(seed: int = 0) -> Encoded:
    vectors = np.random.default_rng(seed).normal(size=(N_ITEMS, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Encoded("model@1", vectors, np.zeros(N_ITEMS, np.intp))


def likely_pairs(items: Encoded, n: int, telling: int, seed: int = 0) -> Pairs:
    """The later item is the nearest of some drawn ones by the first `telling` dimensions; 0: one of them."""
    random = np.random.default_rng(seed)
    earlier = random.integers(0, N_ITEMS, n)
    offered = random.integers(0, N_ITEMS, (n, 30))
    told = items.vectors[:, :telling]
    close = np.einsum("pd,pcd->pc", told[earlier], told[offered])
    later = offered[np.arange(n), close.argmax(axis=1) if telling else 0]
    return Pairs(earlier, later, np.arange(n, dtype=np.float64))


@pytest.mark.requirement("K9")
def test_it_learns_which_dimensions_say_what_is_taken_next() -> None:
    items = a_catalogue()
    adapter, metrics = fit_adapter(items, likely_pairs(items, 12_000, TELLING), QUICK, seed=0)
    assert metrics.is_gain
    assert metrics.hits_adapted > 1.1 * metrics.hits_frozen
    assert metrics.loss_adapted < metrics.loss_frozen
    lengths = np.linalg.norm(adapter.weights, axis=1)
    assert lengths[:TELLING].mean() > 1.5 * lengths[TELLING:].mean()


@pytest.mark.requirement("K9")
def test_where_there_is_nothing_to_learn_nothing_is_gained() -> None:
    items = a_catalogue()
    _, metrics = fit_adapter(items, likely_pairs(items, 4_000, telling=0), QUICK, seed=0)
    assert not metrics.is_gain
    assert metrics.passes < QUICK.max_passes


def test_the_same_seed_gives_the_same_adapter() -> None:
    items = a_catalogue()
    pairs = likely_pairs(items, 2_000, TELLING)
    rules = AdapterRules(max_passes=1)
    assert fit_adapter(items, pairs, rules, 3)[1] == fit_adapter(items, pairs, rules, 3)[1]


def test_too_few_pairs_are_refused_with_the_remedy() -> None:
    items = a_catalogue()
    with pytest.raises(UsageError, match="longer log"):
        fit_adapter(items, likely_pairs(items, 1_999, TELLING), QUICK, seed=0)


@pytest.mark.requirement("D7")
def test_shorter_vectors_begin_on_the_axes_that_tell_most_apart() -> None:
    random = np.random.default_rng(0)
    # Three directions hold nearly everything.
    vectors = (random.normal(size=(400, 3)) @ random.normal(size=(3, DIM))).astype(np.float32)
    vectors += 0.01 * random.normal(size=vectors.shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = [neighbours_kept(vectors, vectors @ principal_axes(vectors, dim), 0) for dim in (1, 3)]
    assert kept[0] < 0.5
    assert kept[1] > 0.9


@pytest.mark.requirement("D7")
def test_an_adapter_may_have_fewer_dimensions_than_the_encoder() -> None:
    items = a_catalogue()
    rules = AdapterRules(dim=8, max_passes=1)
    adapter, metrics = fit_adapter(items, likely_pairs(items, 2_000, TELLING), rules, seed=0)
    assert adapter.weights.shape == (DIM, 8)
    assert 0.0 < metrics.neighbours_kept < 1.0


def test_more_dimensions_than_there_are_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="choose 1 to"):
        principal_axes(a_catalogue().vectors, DIM + 1)


def test_what_was_taken_at_once_makes_no_pair() -> None:
    assert pairs_in(touches((0, 0, 1.0), (0, 1, 1.0), (0, 2, 2.0))) == {(0, 2), (1, 2)}


def test_pairs_are_of_one_person_and_near_in_time() -> None:
    log = touches((0, 0, 0.0), (1, 1, 1.0), (0, 2, 10.0), (0, 3, 100.0))
    assert pairs_in(log, window_days=30.0) == {(0, 2)}


def test_a_touch_is_paired_with_the_few_before_it() -> None:
    log = touches((0, 0, 0.0), (0, 1, 1.0), (0, 2, 2.0))
    assert pairs_in(log, n_before=1) == {(0, 1), (1, 2)}


def test_the_same_item_again_and_items_without_a_vector_make_no_pair() -> None:
    log = touches((0, 0, 0.0), (0, 0, 1.0), (0, 1, 2.0), (0, 2, 3.0))
    found = pairs_of(log, np.array([True, False, True]), PairRules(n_before=1))
    assert (found.earlier.tolist(), found.later.tolist()) == ([0], [2])


@given(log=logs())
def test_the_earlier_item_of_a_pair_was_taken_strictly_earlier(log) -> None:
    taken = TouchLog(log.users, log.items, log.times_s, log.weights)
    found = pairs_of(taken, np.ones(8, np.bool_), PairRules())
    assert (np.diff(found.at_s) >= 0.0).all()
    did = set(zip(log.users.tolist(), log.items.tolist(), log.times_s.tolist(), strict=True))
    for earlier, later, at_s in zip(found.earlier.tolist(), found.later.tolist(), found.at_s.tolist(), strict=True):
        users = {user for user, item, time_s in did if (item, time_s) == (later, at_s)}
        assert any(user in users and item == earlier and time_s < at_s for user, item, time_s in did)
