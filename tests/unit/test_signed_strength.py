"""E1: praise and blame sign and scale what an event with own words weighs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.sentiments import CLEARLY_NEGATIVE, TEXT_BESIDE_STARS, signed_strength
from streams.domain.signals import rating_strength

pytestmark = pytest.mark.requirement("E1")

scores = st.floats(-1, 1)
strengths = st.floats(-1, 1)
signals = st.sampled_from(["none", "rating", "watch", "dwell", "quantity"])


@given(signals, strengths, scores, st.booleans())
def test_the_strength_stays_between_minus_one_and_one(takes, strength, score, is_rated) -> None:
    assert -1 <= signed_strength(takes, strength, score, is_rated=is_rated) <= 1


@given(signals, strengths, scores, scores, st.booleans())
def test_a_kinder_text_never_weakens_the_strength(takes, strength, one, other, is_rated) -> None:
    sour, kind = (signed_strength(takes, strength, score, is_rated=is_rated) for score in sorted((one, other)))
    assert sour <= kind + 1e-12


@given(signals, strengths, st.booleans(), st.sampled_from([0.0, float("nan"), 2.0]))
def test_words_that_say_nothing_change_nothing(takes, strength, is_rated, score) -> None:
    assert signed_strength(takes, strength, score, is_rated=is_rated) == strength


@given(st.floats(1, 5), scores)
def test_stars_decide_and_words_move_them_by_half_a_star_at_most(stars, score) -> None:
    before = rating_strength(stars)
    after = signed_strength("rating", before, score, is_rated=True)
    assert abs(after - before) <= TEXT_BESIDE_STARS + 1e-12
    assert before * after >= 0


@given(strengths, st.sampled_from([-1.0, 1.0]))
def test_without_stars_a_certain_text_decides(strength, score) -> None:
    assert signed_strength("rating", strength, score, is_rated=False) == pytest.approx(score)


@given(st.floats(0.01, 1), st.floats(CLEARLY_NEGATIVE, 1))
def test_a_comment_that_is_not_clearly_negative_still_shows_interest(strength, score) -> None:
    assert 0 < signed_strength("none", strength, score, is_rated=False) <= strength


def test_a_clearly_negative_comment_turns_against_its_item() -> None:
    assert signed_strength("none", 1.0, -0.95, is_rated=False) < 0


@given(st.sampled_from(["watch", "dwell", "quantity"]), strengths, scores)
def test_what_was_measured_is_not_argued_away_by_words(takes, strength, score) -> None:
    assert signed_strength(takes, strength, score, is_rated=False) == strength
