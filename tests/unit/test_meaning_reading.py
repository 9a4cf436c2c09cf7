"""E3 and the one way in: texts are read in batches, each mention with what is felt about it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.events import Item
from streams.domain.masking import mask
from streams.domain.sensitive import SensitiveTags
from streams.meaning.clauses import MAX_CLAUSES, clauses_of
from streams.meaning.entities import EntityFinder
from streams.meaning.lexicons import load_lexicons
from streams.meaning.reading import Reader
from streams.meaning.taxonomy import load_taxonomy
from streams.meaning.topics import TopicFinder
from tests.support.felt_texts import FELT_TEXTS, FeltText
from tests.support.plain_sentiment import plain_sentiment

CLEAR = 0.2
PIECES = st.sampled_from(
    [
        "手机",
        "很好",
        "，",
        "快递",
        "太慢",
        "但是",
        "the phone",
        " is great",
        ". ",
        " and ",
        "the courier",
        " but ",
        "3.5",
        "Dr. Phil",
        " ",
    ]
)


@cache
def reader() -> Reader:
    return Reader(EntityFinder(load_lexicons()), TopicFinder(load_taxonomy()), plain_sentiment)


@pytest.mark.requirement("E3")
@pytest.mark.parametrize("case", FELT_TEXTS, ids=lambda case: case.text)
def test_each_opinion_is_about_the_thing_it_is_said_of(case: FeltText) -> None:
    (reading,) = reader().read([case.text])
    felt = {(mention.start, mention.end): mention.sentiment for mention in reading.mentions}
    for start, end, sign in case.felt:
        sentiment = felt[start, end]
        assert sentiment is not None
        assert (sentiment > CLEAR) - (sentiment < -CLEAR) == sign, case.text[start:end]


@pytest.mark.requirement("E3")
def test_there_are_sixty_sentences_of_two_languages() -> None:
    assert len(FELT_TEXTS) >= 60
    assert 20 < sum(case.text.isascii() for case in FELT_TEXTS) < len(FELT_TEXTS) - 20


@given(st.lists(PIECES, max_size=40).map("".join))
def test_clauses_lie_in_order_and_every_mention_in_one_of_them(text: str) -> None:
    mentions = reader().entities.find(text)
    clauses = clauses_of(text, mentions)
    places = [place for clause in clauses for place in (clause.start, clause.end)]
    assert places == sorted(places)
    spoken_of = [number for clause in clauses for number in clause.mentions]
    assert spoken_of == sorted(set(spoken_of))
    if len(clauses) < MAX_CLAUSES:
        assert spoken_of == list(range(len(mentions)))
    for clause in clauses:
        assert all(clause.start <= mentions[n].start and mentions[n].end <= clause.end for n in clause.mentions)


@given(st.lists(st.sampled_from([case.text for case in FELT_TEXTS] + ["", "nothing"]), max_size=6))
def test_a_batch_is_read_as_its_texts_one_by_one(texts: list[str]) -> None:
    assert reader().read(texts) == [reader().read([text])[0] for text in texts]


def test_the_item_of_a_text_is_believed() -> None:
    item = Item("i1", brand="Zyntrax")
    first, second = reader().read(["love the Zyntrax"] * 2, [item, None])
    assert [mention.name for mention in first.mentions] == ["zyntrax"]
    assert second.mentions == ()


def test_the_sentiment_of_a_text_is_that_of_the_whole() -> None:
    (reading,) = reader().read(["The phone is great but the battery is terrible and slow"])
    assert reading.sentiment == pytest.approx(-1 / 3)


def test_whole_texts_bring_their_vectors_to_the_sentiment_and_clauses_none() -> None:
    asked: list[tuple[int, bool]] = []

    def score(texts, vectors=None):
        asked.append((len(texts), vectors is not None))
        return plain_sentiment(texts)

    spy = Reader(EntityFinder(load_lexicons()), TopicFinder(load_taxonomy()), score)
    spy.read(["手机很好，快递太慢", "手机"], None, np.zeros((2, 4), np.float32))
    assert asked == [(2, True), (2, False)]


@pytest.mark.requirement("N15")
@pytest.mark.requirement("N9", "E2")
def test_what_was_masked_is_nothing_that_the_person_wrote_about() -> None:
    (reading,) = reader().read([mask("Sony, call me: 415-555-2671, or ann@example.org").text])
    assert [(each.kind, each.name) for each in reading.mentions] == [("brand", "sony")]
    assert reading.topics == ()


def test_a_sensitive_name_is_never_given_out() -> None:
    guarded = Reader(reader().entities, TopicFinder(load_taxonomy()), plain_sentiment, SensitiveTags(["zyntrax"]))
    (reading,) = guarded.read(["love the Zyntrax phone"], [Item("i1", brand="Zyntrax")])
    assert [mention.name for mention in reading.mentions] == ["phone"]


def test_other_numbers_of_items_or_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts"):
        reader().read(["a", "b"], [None])
    with pytest.raises(ValueError, match="2 texts"):
        reader().read(["a", "b"], None, np.zeros((1, 4), np.float32))
