"""Where a target came, and what it is worth: known answers, and the law of ties."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluation.logs import Targets
from streams.evaluation.methods.port import Ranking
from streams.evaluation.outcomes import NOTHING, Outcomes, Scorer
from tests.support.small_logs import a_catalogue

FOOD = a_catalogue(["food"] * 20 + ["kitchen"])
NOBODY = np.zeros(0, dtype=np.intp)


def outcome(target: int, ranking: Ranking, seen: tuple[int, ...] = (), barred: tuple[int, ...] = ()) -> Outcomes:
    one = np.array([target])
    targets = Targets(one * 0, one, one * 0, one * 0.0, [np.array(seen, np.intp)], [np.array(barred, np.intp)], one * 0)
    scorer = Scorer(FOOD, targets)
    scorer.score(0, ranking)
    return scorer.outcomes


def listed(*items: int) -> Ranking:
    return Ranking(np.array(items, dtype=np.intp))


@pytest.mark.parametrize(
    ("rank", "hit", "ndcg"), [(1, 1.0, 1.0), (3, 1.0, 0.5), (10, 1.0, 1 / np.log2(11)), (11, 0.0, 0.0)]
)
def test_a_listed_target_counts_by_its_rank(rank, hit, ndcg):
    found = outcome(rank - 1, listed(*range(15)))
    assert found.hits[0] == hit
    assert found.ndcg[0] == pytest.approx(ndcg)
    assert found.reciprocal_ranks[0] == pytest.approx(1 / rank)


def test_a_target_that_is_not_listed_lies_anywhere_behind():
    found = outcome(19, listed(0, 1, 2, 3, 4))
    ranks = np.arange(6, 21)
    assert found.hits[0] == pytest.approx(np.mean(ranks <= 10))
    assert found.ndcg[0] == pytest.approx(np.mean(np.where(ranks <= 10, 1 / np.log2(ranks + 1), 0)))
    assert found.reciprocal_ranks[0] == pytest.approx(np.mean(1 / ranks))


def test_what_the_person_had_and_what_shares_the_time_are_no_candidates():
    found = outcome(5, listed(0, 1, 2, 5, 6), seen=(0, 2), barred=(1,))
    assert found.reciprocal_ranks[0] == 1.0
    assert found.shown[0].tolist() == [5, 6] + [NOTHING] * 8


def test_an_empty_list_is_a_draw_from_the_catalogue():
    assert outcome(7, Ranking(NOBODY), seen=(0, 1)).hits[0] == pytest.approx(10 / 18)


def test_the_best_ten_are_shown_best_first_and_ties_by_row():
    scores = np.array([1.0, 3.0, 3.0, 2.0])
    shown = outcome(0, Ranking(np.array([9, 8, 4, 2]), scores)).shown[0]
    assert shown[:4].tolist() == [4, 8, 2, 9]


@given(scores=st.lists(st.integers(0, 3), min_size=1, max_size=6), target=st.integers(0, 7))
def test_tied_figures_are_the_mean_over_every_order_of_the_tie(scores, target):
    items = np.arange(len(scores))
    found = outcome(target, Ranking(items, np.array(scores, dtype=np.float64)))
    orders = [
        outcome(target, listed(*order))
        for order in permutations(items.tolist())
        if all(scores[first] >= scores[second] for first, second in pairwise(order))
    ]
    for name in ("hits", "ndcg", "reciprocal_ranks"):
        mean = np.mean([getattr(each, name)[0] for each in orders])
        assert getattr(found, name)[0] == pytest.approx(mean)


@pytest.mark.parametrize(
    ("ranking", "fault"),
    [
        (listed(1, 2, 1), "twice"),
        (listed(1, 20), "another platform"),
        (Ranking(np.array([1, 2]), np.array([1.0])), "2 items with 1 scores"),
    ],
)
def test_a_ranking_that_breaks_the_contract_is_refused(ranking, fault):
    with pytest.raises(ValueError, match=fault):
        outcome(1, ranking)
