from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.ranking.titles import Titles, terms_of

WORDS = st.lists(st.sampled_from(["red", "pan", "green", "tea", "42"]), max_size=4).map(" ".join)


def cosine(titles: Titles, one: int, other: int) -> float:
    state = titles.state

    def vector(row: int) -> dict[int, float]:
        span = slice(state.starts[row], state.starts[row] + state.lengths[row])
        return dict(zip(state.buckets[span].tolist(), state.weights[span].tolist(), strict=True))

    there = vector(other)
    return sum(weight * there.get(bucket, 0.0) for bucket, weight in vector(one).items())


def put(*said: str) -> Titles:
    titles = Titles()
    titles.put(range(len(said)), said)
    return titles


def test_terms_are_words_and_pairs_of_them_and_characters_of_chinese() -> None:
    assert list(terms_of("Red Shoe, 42!")) == ["red", "shoe", "42", "red shoe", "shoe 42"]
    assert list(terms_of("红鞋Nike")) == ["红", "鞋", "nike", "红 鞋", "鞋 nike"]


def test_rare_words_tie_titles_closer_than_common_ones() -> None:
    titles = put("pan copper", "tea copper", "pan red", "pan blue", "pan green")
    assert cosine(titles, 0, 1) > cosine(titles, 0, 2) > 0.0


def test_equal_titles_are_one_and_unlike_ones_nothing() -> None:
    titles = put("red pan", "red pan", "tea")
    assert cosine(titles, 0, 1) == pytest.approx(1.0, rel=1e-5)
    assert cosine(titles, 0, 2) == 0.0


@given(st.lists(st.tuples(st.integers(0, 5), WORDS), min_size=1, max_size=60))
@settings(deadline=None)
def test_postings_hold_what_the_titles_hold_now(puts) -> None:
    titles = Titles()
    now: dict[int, str] = {}
    for row, said in puts:
        titles.put([row], [said])
        now[row] = said
    postings = titles.postings()
    found = sorted(postings.items.tolist())
    assert found == sorted(row for row, said in now.items() for _ in set(terms_of(said)))


def test_titles_that_come_and_go_do_not_fill_memory() -> None:
    titles = Titles()
    for n in range(2_000):
        titles.put([n % 10], [f"word{n} other{n} third{n}"])
    # Ten titles of five terms are in use.
    assert titles.state.lengths.sum() == 50
    assert len(titles.state.buckets) < 500
    assert cosine(titles, 3, 3) == pytest.approx(1.0, rel=1e-5)


def test_a_vector_has_unit_norm() -> None:
    state = put("red pan red", "tea").state
    assert np.linalg.norm(state.weights[state.starts[0] : state.starts[0] + state.lengths[0]]) == pytest.approx(1.0)
