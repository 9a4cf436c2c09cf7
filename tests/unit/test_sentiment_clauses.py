"""E1: Chinese texts are cut into clauses, of which each has its say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.meaning.sentiment_clauses import clauses_of, means_of_clauses, what_clauses_say
from streams.meaning.sentiment_ngrams import FIRST, LAST, Characters, characters_of

pytestmark = pytest.mark.requirement("E1")

batches = st.lists(st.text(alphabet="好差a1 ，。！、~…\n", max_size=20), max_size=6)


def spelt(characters: Characters) -> str:
    return "".join(map(chr, characters.code.tolist()))


def cut(texts: list[str]) -> list[tuple[int, str]]:
    clauses = clauses_of(characters_of(texts))
    read = clauses.characters
    return [
        (int(text), spelt(read.of_texts(np.arange(read.n_texts) == clause))) for clause, text in enumerate(clauses.text)
    ]


def test_a_text_is_cut_at_its_commas_stops_and_spaces_and_each_part_is_a_text_of_its_own() -> None:
    parts = ["很好", "快递太慢", "推荐", "不贵"]
    assert cut(["，很好，快递太慢。推荐 不贵！！"]) == [(0, spelt(characters_of([part]))) for part in parts]


def test_a_text_of_one_clause_is_not_cut() -> None:
    assert cut(["很好", "，很好！！", "", "。。。", " "]) == []


def test_clauses_know_their_text() -> None:
    assert [text for text, _ in cut(["很好", "贵，差", "", "快 好"])] == [1, 1, 3, 3]


@given(batches)
def test_a_clause_reads_as_the_same_words_do_alone(texts) -> None:
    for _, clause in cut(texts):
        assert clause == spelt(characters_of([clause.strip(FIRST + LAST)]))


@given(batches)
def test_a_batch_is_cut_as_its_texts_one_by_one(texts) -> None:
    assert cut(texts) == [(place, clause) for place, text in enumerate(texts) for _, clause in cut([text])]


def test_a_text_that_was_not_cut_speaks_for_its_one_clause() -> None:
    means = means_of_clauses(np.array([1, 1]), np.array([0.5, -0.1]), np.array([0.7, 0.9, -0.3]))
    assert means.tolist() == pytest.approx([0.7, 0.2, -0.3])


def test_clauses_say_their_mean_their_ends_their_bounds_and_how_many_praise() -> None:
    whole = np.array([0.7, 0.9, -0.3])
    said = what_clauses_say(np.array([1, 1, 1]), np.array([0.5, -0.1, 0.2]), whole)
    bounded = np.tanh(2 * np.array([0.5, -0.1, 0.2])).mean()
    np.testing.assert_allclose(said[1], [0.2, -0.1, 0.5, 0.5, 0.2, np.log(4), 2 / 3, bounded])


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=8))
def test_a_text_that_was_not_cut_says_what_one_clause_would_but_for_their_number(margins) -> None:
    whole = np.array(margins)
    uncut = what_clauses_say(np.zeros(0, np.int64), np.zeros(0), whole)
    as_clauses = what_clauses_say(np.arange(len(whole)), whole, whole)
    np.testing.assert_allclose(np.delete(uncut, 5, axis=1), np.delete(as_clauses, 5, axis=1))
