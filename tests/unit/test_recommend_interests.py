from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.interests import InterestEvent, InterestRules, group_interests, label_of
from tests.support.entries import an_entry

COOKING, FOOTBALL, GARDEN = np.eye(8, dtype=np.float32)[:3]
RULES = InterestRules(threshold=0.5, half_life_s=100.0)


def near(axis: np.ndarray, seed: int) -> np.ndarray:
    vector = axis + 0.1 * np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def an_event(name: str, weight: float = 1.0, at_s: float = 0.0) -> InterestEvent:
    return InterestEvent(name, f"shop:{name}", weight, at_s)


@pytest.mark.requirement("H6")
def test_cooking_and_football_do_not_average() -> None:
    vectors = np.stack([near(COOKING, 1), near(FOOTBALL, 2), near(COOKING, 3), near(FOOTBALL, 4), near(FOOTBALL, 5)])
    groups = group_interests([an_event(f"e{n}") for n in range(5)], vectors, 0.0, RULES)
    assert [sorted(group.members) for group in groups] == [[1, 3, 4], [0, 2]]
    assert groups[0].vector @ FOOTBALL > 0.9
    assert groups[1].vector @ COOKING > 0.9


@given(st.permutations(range(9)))
def test_the_order_of_events_changes_nothing(order: list[int]) -> None:
    vectors = np.stack([near(axis, seed) for seed, axis in enumerate([COOKING, FOOTBALL, GARDEN] * 3)])
    events = [an_event(f"e{n}", weight=1.0 + n, at_s=10.0 * n) for n in range(9)]
    straight = group_interests(events, vectors, 90.0, RULES)
    mixed = group_interests([events[at] for at in order], vectors[list(order)], 90.0, RULES)
    assert [group.mass for group in mixed] == pytest.approx([group.mass for group in straight])
    assert [{order[at] for at in group.members} for group in mixed] == [set(group.members) for group in straight]
    for one, other in zip(straight, mixed, strict=True):
        assert np.allclose(one.vector, other.vector, atol=1e-6)


def test_an_interest_loses_half_its_mass_in_a_half_life() -> None:
    events, vectors = [an_event("e", weight=2.0, at_s=0.0)], COOKING[None]
    (now,) = group_interests(events, vectors, 0.0, RULES)
    (later,) = group_interests(events, vectors, 100.0, RULES)
    assert (now.mass, later.mass) == (2.0, 1.0)


def test_a_dislike_takes_mass_from_the_interest_it_is_close_to_and_turns_it_away() -> None:
    vectors = np.stack([near(COOKING, 1), near(FOOTBALL, 2), near(COOKING, 3)])
    liked = [an_event("e1", 2.0), an_event("e2", 2.0)]
    before = group_interests(liked, vectors[:2], 0.0, RULES)
    after = group_interests([*liked, an_event("e3", -1.0)], vectors, 0.0, RULES)
    assert after[0].members == (1,)
    assert after[0].mass == 2.0
    assert after[1].mass < 1.1
    assert after[1].vector @ vectors[2] < before[0].vector @ vectors[2]


def test_what_is_disliked_more_than_liked_is_no_interest() -> None:
    events = [an_event("e1", 1.0), an_event("e2", -3.0)]
    assert group_interests(events, np.stack([COOKING, COOKING]), 0.0, RULES) == []


@given(st.lists(st.tuples(st.integers(0, 7), st.floats(-5, 5), st.floats(0, 500)), max_size=40))
def test_interests_are_few_heavy_unit_vectors_of_distinct_events(drawn: list[tuple[int, float, float]]) -> None:
    events = [an_event(f"e{n}", weight, at_s) for n, (_, weight, at_s) in enumerate(drawn)]
    vectors = np.eye(8, dtype=np.float32)[[axis for axis, _, _ in drawn]]
    groups = group_interests(events, vectors, 500.0, RULES)
    assert len(groups) <= RULES.max_interests
    masses = [round(group.mass, 9) for group in groups]
    assert masses == sorted(masses, reverse=True)
    members = [at for group in groups for at in group.members]
    assert len(members) == len(set(members))
    assert all(events[at].weight > 0 for at in members)
    assert all(group.mass > 0 and abs(np.linalg.norm(group.vector) - 1) < 1e-5 for group in groups)


def test_a_label_is_the_heaviest_tag_else_words_of_the_heaviest_title() -> None:
    shoes, hats = an_entry(title="Red", category="Shoes"), an_entry(category="Hats")
    assert label_of([(shoes, 1.0), (hats, 2.0), (shoes, 1.5)]) == "shoes"
    assert label_of([(an_entry(title="a b c d e f"), 1.0), (an_entry(title="z"), 0.5)]) == "a b c d"
    assert label_of([]) == ""
