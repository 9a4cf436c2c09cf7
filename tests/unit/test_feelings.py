"""How people feel about what they write of: sums that add, age and publish as promised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.actions import ActionTable
from streams.domain.feelings import EVERYTHING, MAX_FEELINGS, FeltShare, Said, add_said, bounded, rescaled, sentiment_of
from streams.domain.profiles import Model
from streams.domain.states import FeelingState
from streams.meaning.sentiment import packaged_sentiment
from streams.settings import Settings
from streams.wiring import fold_rules_of

SCORES = st.floats(-1.0, 1.0)


def feelings_of(*said: Said) -> dict[str, FeelingState]:
    feelings: dict[str, FeelingState] = {}
    for number, each in enumerate(said):
        add_said(feelings, each, 1.0, float(number))
    return feelings


@pytest.mark.requirement("E1")
def test_a_profile_tells_how_its_texts_feel():
    feelings = feelings_of(Said(0.9), Said(0.8), Said(-0.7), Said(0.1))
    sentiment = sentiment_of([FeltShare(feelings, 1.0)])
    assert sentiment is not None
    assert (sentiment.positive, sentiment.neutral, sentiment.negative, sentiment.n) == (0.5, 0.25, 0.25, 4)
    assert sentiment.score == pytest.approx(1.1 / 4)


@pytest.mark.requirement("E3")
@pytest.mark.requirement("E1", "N2")
def test_what_is_positive_neutral_or_negative_is_told_by_the_band_that_was_measured():
    rules = fold_rules_of(Settings(), ActionTable(), Model("m", "1", 8))
    assert rules.neutral_band == packaged_sentiment().neutral_band > 0.5
    feelings: dict[str, FeelingState] = {}
    for score in (0.9, 0.5, -0.3, -0.8):
        add_said(feelings, Said(score), 1.0, 0.0, rules.neutral_band)
    sentiment = sentiment_of([FeltShare(feelings, 1.0)])
    assert sentiment is not None
    assert (sentiment.positive, sentiment.neutral, sentiment.negative) == (0.25, 0.5, 0.25)


def test_loving_the_phone_and_hating_the_courier_stay_apart():
    feelings = feelings_of(Said(0.1, felt=(("product:phone", 0.9), ("service:courier", -0.8))))
    sentiment = sentiment_of([FeltShare(feelings, 1.0)])
    assert sentiment is not None
    assert {(each.kind, each.entity): each.score for each in sentiment.entities} == {
        ("product", "phone"): 0.9, ("service", "courier"): -0.8,
    }  # fmt: skip


def test_nobody_who_wrote_nothing_has_a_sentiment():
    assert sentiment_of([FeltShare({}, 1.0)]) is None


def test_what_a_person_blocked_is_not_told():
    feelings = feelings_of(Said(0.5, felt=(("brand:acme", 0.5),)))
    sentiment = sentiment_of([FeltShare(feelings, 1.0)], frozenset({"brand:acme"}))
    assert sentiment is not None
    assert sentiment.entities == []


@given(st.lists(SCORES, min_size=1, max_size=20), st.lists(SCORES, max_size=20))
def test_two_accounts_together_feel_like_one_that_wrote_everything(mine, theirs):
    both = sentiment_of(
        [FeltShare(feelings_of(*map(Said, mine)), 1.0), FeltShare(feelings_of(*map(Said, theirs)), 1.0)]
    )
    one = sentiment_of([FeltShare(feelings_of(*map(Said, [*mine, *theirs])), 1.0)])
    assert both is not None
    assert one is not None
    assert (both.n, both.positive, both.negative) == (one.n, pytest.approx(one.positive), pytest.approx(one.negative))
    assert both.score == pytest.approx(one.score)
    assert both.positive + both.neutral + both.negative == pytest.approx(1.0)


@given(st.lists(SCORES, min_size=1, max_size=20), st.floats(1e-3, 1e3))
def test_units_cancel(scores, scale):
    feelings = feelings_of(*map(Said, scores))
    before = sentiment_of([FeltShare(feelings, 1.0)])
    rescaled(feelings, scale)
    after = sentiment_of([FeltShare(feelings, 1.0)])
    assert before is not None
    assert after is not None
    assert after.score == pytest.approx(before.score)


def test_an_account_keeps_the_things_it_speaks_of_most():
    said = [Said(0.5, felt=((f"brand:{number}", 0.5),)) for number in range(MAX_FEELINGS + 5)]
    feelings = bounded(feelings_of(*said, *said[-3:]))
    assert len(feelings) == MAX_FEELINGS + 1
    assert {EVERYTHING, *(f"brand:{MAX_FEELINGS + number}" for number in (2, 3, 4))} <= feelings.keys()
