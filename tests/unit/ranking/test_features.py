"""Known answers on a log small enough to reckon by hand: days are counted from day 0, every touch weighs 1."""

from __future__ import annotations

from math import e, log1p, sqrt

import numpy as np
import pytest

from streams.domain.decay import DAY_S
from streams.ranking.behaviour import BehaviourLog
from streams.ranking.candidates import About, CandidateFinder
from streams.ranking.features import FEATURES, LONG_AGO
from streams.ranking.neighbours import N_SIGNALS, SIGNALS, scratch_for, walk
from streams.ranking.ranker import SIGNAL_GROUPS, Ranker
from streams.ranking.state import Bounds
from streams.ranking.titles import Titles

FOOD, KITCHEN = 0, 1
ME, TWIN, STRANGER = 0, 1, 2
BEANS, PAN, POT, TEA, UNTOUCHED = range(5)
NOW_S = 10 * DAY_S


def ranker(
    touches, titles=("coffee beans", "red pan", "red pot", "green tea", "red pan small"), rerankers=()
) -> Ranker:
    log = BehaviourLog(2, Bounds())
    log.make_room(5, 3)
    log.place_items(np.arange(5), np.array([FOOD, KITCHEN, KITCHEN, FOOD, KITCHEN]))
    users, items, days = (np.array(column) for column in zip(*touches, strict=True))
    log.observe(users, items, days * DAY_S)
    words = Titles()
    words.put(range(5), titles)
    return Ranker(log, CandidateFinder(words, postings=words.postings()), rerankers)


def described(ranked: Ranker, platform: int, now_s: float = NOW_S, user: int = ME) -> dict[int, dict[str, float]]:
    rows, table = ranked.describe(ranked.ask(user, platform, now_s), About(np.zeros(0, np.int32)))
    return {
        row: dict(zip(FEATURES, values, strict=True)) for row, values in zip(rows.tolist(), table.tolist(), strict=True)
    }


# I took to beans on day 8; my twin to beans on day 8 and to the pan on day 9; a stranger to the pot on day 3.
SHARED = [(ME, BEANS, 8.0), (TWIN, BEANS, 8.0), (TWIN, PAN, 9.0), (STRANGER, POT, 3.0)]


def test_heat_is_the_logarithm_of_the_decayed_count() -> None:
    pan = described(ranker(SHARED), KITCHEN)[PAN]
    for days, name in ((2, "heat_2d"), (7, "heat_7d"), (30, "heat_30d")):
        assert pan[name] == pytest.approx(log1p(2 ** (-1 / days)), rel=1e-5)
    assert pan["touches"] == pytest.approx(log1p(1))
    assert pan["idle_days"] == pan["age_days"] == pan["burst_days"] == pytest.approx(log1p(1))


def test_windows_count_touches_of_the_last_days() -> None:
    pot = described(ranker([*SHARED, (ME, POT, 9.5)]), KITCHEN)[POT]
    assert [round(pot[f"touches_{days}d"], 5) for days in (1, 3, 7, 14)] == [round(log1p(n), 5) for n in (1, 1, 2, 2)]


def test_a_burst_begins_anew_after_a_month_of_silence() -> None:
    pan = described(ranker([(TWIN, PAN, 1.0), (STRANGER, PAN, 40.0)]), KITCHEN, now_s=42 * DAY_S)[PAN]
    assert pan["burst_days"] == pytest.approx(log1p(2))
    assert pan["age_days"] == pytest.approx(log1p(41))


@pytest.mark.requirement("K4")
def test_a_co_visit_is_a_cosine_that_fades() -> None:
    state = ranker(SHARED).log.state
    scratch = scratch_for(state)
    asked = ranker(SHARED).ask(ME, KITCHEN, NOW_S)
    n_met = walk(state, scratch, asked, np.array([ME], np.int32))
    assert scratch.met[:n_met].tolist() == [PAN]
    signals = dict(zip(SIGNALS, scratch.signals[0, :N_SIGNALS].tolist(), strict=True))
    # Beans: 2 touches, 2 days old; the pan: 1 touch; the pair is as old as its later touch, one day. Prior 2.
    expected = 2 ** (-2 / 90) * 2 ** (-1 / 90) / sqrt((2 + 2) * (1 + 2))
    assert signals["co_visit"] == pytest.approx(expected, rel=1e-6)
    assert signals["co_visit_best"] == signals["co_visit_after"] == signals["co_visit_transfer"] == signals["co_visit"]
    assert signals["co_visit_same_day"] == signals["co_visit"]
    # One step on, from the last item.
    assert signals["transition"] == pytest.approx(2 ** (-1 / 90) / sqrt(2 + 2), rel=1e-6)


def test_what_a_neighbour_took_to_lately_counts_by_likeness() -> None:
    pan = described(ranker(SHARED), KITCHEN)[PAN]
    # Shared beans on the same day two days ago, touched twice.
    like = 2 ** (-2 / 60) / np.log(2 + 2)
    assert e ** pan["neighbours_3d"] - 1e-3 == pytest.approx(like, rel=1e-4)
    assert pan["neighbour_nearest"] == pytest.approx(log1p(like), rel=1e-5)
    assert pan["takers_near_7d"] == pytest.approx(log1p(1))
    assert pan["share_of_takers_near"] == pytest.approx(1.0)


def test_what_neighbours_did_long_ago_is_not_lately() -> None:
    pan = described(ranker(SHARED), KITCHEN, now_s=60 * DAY_S)[PAN]
    assert pan["neighbours_30d"] == pytest.approx(np.log(1e-3), rel=1e-5)
    assert pan["co_visit"] > np.log(1e-3)


def test_nobody_is_their_own_neighbour() -> None:
    alone = ranker([(ME, BEANS, 8.0), (ME, PAN, 9.0)])
    state, scratch = alone.log.state, scratch_for(alone.log.state)
    assert walk(state, scratch, alone.ask(ME, KITCHEN, NOW_S), np.array([ME], np.int32)) == 0


@pytest.mark.requirement("K2")
def test_taste_of_one_platform_brings_candidates_of_another() -> None:
    # I was never seen in the kitchen shop; the person who likes the same food was.
    found = described(ranker(SHARED), KITCHEN)
    assert found[PAN]["co_visit_transfer"] > found[POT]["co_visit_transfer"]
    assert found[PAN]["person_touches_here"] == 0.0


def test_titles_are_compared_with_what_was_taken_to_last() -> None:
    found = described(ranker([*SHARED, (ME, PAN, 9.5)]), KITCHEN)
    assert found[PAN]["words_best"] == pytest.approx(1.0, rel=1e-5)
    assert found[UNTOUCHED]["words_best"] > found[POT]["words_best"] > 0.0
    # Nobody ever touched it: it came by its words alone.
    assert found[UNTOUCHED]["idle_days"] == LONG_AGO
    assert found[UNTOUCHED]["heat_7d"] == 0.0


def test_places_among_the_candidates_are_shared_by_equals() -> None:
    found = described(ranker([(TWIN, PAN, 9.0), (STRANGER, POT, 9.0)], titles=[""] * 5), KITCHEN)
    assert found[PAN]["rank_heat_7d"] == found[POT]["rank_heat_7d"] == 0.0


def test_without_a_common_clock_nothing_compares_times_of_people() -> None:
    ranked = ranker(SHARED)
    ranked.has_shared_clock = False
    found = described(ranked, KITCHEN)
    assert found[PAN]["heat_7d"] == found[PAN]["age_days"] == found[PAN]["fit_heat_7d"] == 0.0
    assert found[PAN]["transition"] > np.log(1e-3)


def test_equal_scores_come_in_the_order_of_rows() -> None:
    ranked = ranker([(TWIN, PAN, 9.0), (STRANGER, POT, 9.0)], titles=[""] * 5)
    found = ranked.rank(ranked.ask(ME, KITCHEN, NOW_S), About(np.zeros(0, np.int32)))
    assert found.rows.tolist() == [PAN, POT]
    assert found.scores[0] == found.scores[1]


def test_what_is_excluded_is_no_candidate() -> None:
    ranked = ranker(SHARED)
    found = ranked.rank(ranked.ask(ME, KITCHEN, NOW_S), About(np.array([PAN]), extra=np.array([PAN, UNTOUCHED, TEA])))
    # Tea is of another platform.
    assert sorted(found.rows.tolist()) == [POT, UNTOUCHED]


@pytest.mark.requirement("H10")
def test_every_feature_belongs_to_one_group_of_signals() -> None:
    for name in FEATURES:
        groups = [words for words, prefixes in SIGNAL_GROUPS.items() if name.startswith(prefixes)]
        assert len(groups) == 1, f"{name}: {groups}"
