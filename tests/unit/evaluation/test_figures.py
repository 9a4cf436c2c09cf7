"""Means, intervals and what lists are like: known answers by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluation.fairness import fairness_of
from streams.evaluation.figures import (
    accuracy_of,
    compared,
    coverage,
    diversity,
    interval,
    novelty,
    rate_interval,
    shares_of,
)
from streams.evaluation.groups import groupings
from streams.evaluation.logs import Targets
from streams.evaluation.outcomes import NOTHING, SHOWN, Outcomes
from streams.evaluation.protocols import Plan
from streams.evaluation.words import item_words
from tests.support.small_logs import NEW_YEAR_S, a_catalogue, a_log

NOBODY = np.zeros(0, dtype=np.intp)


def shown(*lists: tuple[int, ...]) -> np.ndarray:
    return np.array([[*each, *[NOTHING] * (SHOWN - len(each))] for each in lists], dtype=np.intp)


def outcomes(hits: list[float], lists: list[tuple[int, ...]] | None = None) -> Outcomes:
    values = np.array(hits)
    return Outcomes(values, values / 2, values / 4, shown(*(lists or [()] * len(hits))))


def test_figures_are_means_over_targets():
    row = accuracy_of(outcomes([1.0, 0.0, 0.5, 0.5]), np.array([0, 1, 2, 3]))
    assert (row["n"], row["hr10"], row["ndcg10"], row["mrr"]) == (4, 0.5, 0.25, 0.125)


def test_no_target_gives_no_figure():
    assert accuracy_of(outcomes([1.0]), NOBODY)["hr10"] is None


def test_the_interval_of_a_rate_is_wilsons():
    assert rate_interval(np.array([0.0] * 9 + [1.0])) == pytest.approx((0.0179, 0.4041), abs=1e-4)


def test_no_hit_in_eleven_does_not_mean_never():
    low, high = rate_interval(np.zeros(11))
    assert (low, round(high, 2)) == (0.0, 0.26)


def test_the_interval_of_a_mean_is_normal():
    assert interval(np.array([0.0, 1.0] * 50)) == pytest.approx((0.4015, 0.5985), abs=1e-4)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_intervals_hold_their_mean_and_stay_inside_0_and_1(values):
    for found in (rate_interval(np.array(values)), interval(np.array(values))):
        assert 0.0 <= found[0] <= np.mean(values) + 1e-6
        assert np.mean(values) - 1e-6 <= found[1] <= 1.0


def test_two_methods_are_compared_target_by_target():
    row = compared(outcomes([1.0, 1.0, 0.0, 1.0]), outcomes([1.0, 0.0, 0.0, 1.0]), np.arange(4))
    assert (row["hr10_ratio"], row["hr10_difference"]) == (1.5, 0.25)
    assert row["ci95"] == pytest.approx((-0.24, 0.74))


def test_coverage_is_the_share_of_items_that_anybody_is_shown():
    assert coverage(shown((0, 1), (1, 2)), 12) == 0.25


@pytest.mark.requirement("K5")
def test_diversity_is_the_mean_distance_inside_a_list():
    words = item_words(a_catalogue(["food"] * 4, ["tea", "tea", "rice", ""]))
    assert diversity(shown((0, 1)), words) == 0.0
    assert diversity(shown((0, 2)), words) == 1.0
    assert diversity(shown((0, 1, 2, 3), (0, 2), (3,)), words) == pytest.approx((2 / 3 + 1) / 2, abs=1e-6)
    assert diversity(shown((0,), (3,)), words) is None


def test_novelty_is_the_surprise_of_an_item_in_bits():
    shares = shares_of(np.array([0, 0, 0, 1]), 3, 7)
    assert shares.tolist() == [0.5, 0.25, 0.125]
    assert novelty(shown((0, 1), (2,)), shares) == 2.0
    assert novelty(shown(()), shares) is None


def a_plan(n_before: list[int], platforms: list[int], *, protocol: str = "P1", times_s: float = NEW_YEAR_S) -> Plan:
    n = len(n_before)
    log = a_log([(0, 0, 0.0), (1, 0, 0.0), (1, 1, 1.0)], a_catalogue(["food", "food", "kitchen", "kitchen"]))
    zeros = np.zeros(n, dtype=np.intp)
    times = np.full(n, times_s)
    codes = np.array(platforms)
    return Plan(protocol, log, Targets(zeros, codes * 2, codes, times, [NOBODY] * n, [NOBODY] * n, np.array(n_before)))


@pytest.mark.requirement("N4")
def test_fairness_tells_how_much_better_one_group_is_served():
    rows = list(fairness_of(a_plan([1, 2, 30, 40], [0, 0, 1, 1]), outcomes([0.0, 1.0, 1.0, 1.0]), seed=0))
    by_history = next(row for row in rows if row["grouping"] == "history")
    assert (by_history["group_a"], by_history["n_a"], by_history["n_b"]) == ("at most 16 events", 2, 2)
    assert (by_history["rate_a"], by_history["rate_b"]) == (0.5, 1.0)
    assert by_history["statistical_parity_difference"] == -0.5


@pytest.mark.requirement("N4")
def test_the_coverage_gap_compares_equally_many_lists_of_each_group():
    lists: list[tuple[int, ...]] = [(0,), (1,), (0,), (0,)]
    rows = list(fairness_of(a_plan([1, 1, 9, 9], [0, 0, 0, 0]), outcomes([0.0] * 4, lists), seed=0))
    row = next(row for row in rows if row["grouping"] == "history")
    assert (row["coverage_a"], row["coverage_b"], row["coverage_gap"]) == (1.0, 0.5, 0.5)


@pytest.mark.requirement("N4")
def test_items_that_few_people_know_are_a_group_too():
    rows = list(fairness_of(a_plan([1, 9], [0, 1]), outcomes([0.0, 0.0], [(0,), (2,)]), seed=0))
    items = next(row for row in rows if row["grouping"] == "items")
    assert (items["n_a"], items["n_b"]) == (2, 2)
    assert (items["rate_a"], items["rate_b"]) == (0.5, 0.5)


def test_groups_are_by_activity_and_for_new_platforms_by_year():
    found = {(grouping, group) for grouping, group, _ in groupings(a_plan([1, 20], [0, 0], protocol="P3"))}
    assert found == {("activity", "1-5"), ("activity", "16-30"), ("year", "2014"), ("year", "2011+")}
    assert {grouping for grouping, _, _ in groupings(a_plan([1, 20], [0, 0]))} == {"activity"}
