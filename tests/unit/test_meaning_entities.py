"""E2: what texts name, with place, kind and confidence, in Chinese and English."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.events import Item
from streams.domain.readings import MENTION_KINDS
from streams.meaning.entities import AS_WRITTEN, MAX_MENTIONS, OF_THE_ITEM, EntityFinder
from streams.meaning.lexicons import load_lexicons
from tests.support.named_scores import scores
from tests.support.named_texts import HELD, NAMED_TEXTS, TUNED

pytestmark = pytest.mark.requirement("E2")
PIECES = st.sampled_from(
    ["Sony", " WH-1000XM5", "iPhone", " 15 Pro", "华为", "Mate60", "red", "红色", "《三体》", "《", "》", "by ", "Stephen King",
     "作者", "刘慈欣", "Turkey", "to ", "苹果", "手机", "J.", "K.", "Apple", "'s", " ", "，", ".", "-", "Ünal", "İ", "\u200b", "😀"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=24).map("".join))


@cache
def finder() -> EntityFinder:
    return EntityFinder(load_lexicons())


def named(text: str, item: Item | None = None, *, by: EntityFinder | None = None) -> list[tuple[str, str]]:
    mentions = (by or finder()).find(text, item)
    return [(mention.kind, text[mention.start : mention.end]) for mention in mentions if mention.kind != "aspect"]


@pytest.mark.requirement("N2")
def test_precision_and_recall_hold_on_the_second_set_of_sentences() -> None:
    assert len(NAMED_TEXTS) >= 200
    score = scores(finder(), HELD)["all"]
    assert score.precision >= 0.93
    assert score.recall >= 0.85


@pytest.mark.requirement("N2")
@pytest.mark.parametrize("kind", [kind for kind in MENTION_KINDS if kind != "aspect"])
def test_every_kind_is_found_in_the_sentences_that_the_lists_were_made_for(kind: str) -> None:
    score = scores(finder(), TUNED)[kind]
    assert score.n_marked >= 12
    assert score.precision >= 0.97
    assert score.recall >= 0.97


@given(TEXTS)
def test_mentions_lie_in_the_text_one_after_the_other(text: str) -> None:
    mentions = finder().find(text)
    assert len(mentions) <= MAX_MENTIONS
    places = [place for mention in mentions for place in (mention.start, mention.end)]
    assert places == sorted(places)
    assert all(0 <= mention.start < mention.end <= len(text) for mention in mentions)
    assert all(0 < mention.confidence <= 1 and mention.name == mention.name.lower() for mention in mentions)


@pytest.mark.parametrize("spelling", ["Coca-Cola", "coca cola", "COCA COLA", "可口可乐"])
def test_all_spellings_have_one_name(spelling: str) -> None:
    (mention,) = finder().find(f"a can of {spelling}")
    assert mention.name == "coca-cola"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("苹果手机壳", ("product", "手机壳")), ("这个苹果很甜", ("product", "苹果")), ("小米的发布会", ("brand", "小米")),
        ("I bought an Apple computer", ("brand", "Apple")), ("we flew to Turkey", ("place", "Turkey")),
        ("the kettle in orange", ("color", "orange")), ("大理的酒店", ("place", "大理")),
    ],
)  # fmt: skip
def test_company_decides_what_a_word_means(text: str, expected: tuple[str, str]) -> None:
    assert expected in named(text)


@pytest.mark.parametrize(
    "text",
    ["redo it", "apple pie", "roast turkey", "simple to use", "us and them", "今日本店打烊", "变成都一样", "an orange",
     "能参加是我的荣耀", "让我联想起", "the target of my life", "a white woman", "王老师好", "ups and downs",
     "my neighbour Susan Miller reads stories to me"],
)  # fmt: skip
def test_words_that_look_like_names_are_none(text: str) -> None:
    assert named(text) == []


def test_a_model_is_a_product_beside_its_brand_and_a_number_part_of_its_line() -> None:
    assert named("my Sony WH-1000XM5 and iPhone 15 Pro") == [
        ("brand", "Sony"), ("product", "WH-1000XM5"), ("product", "iPhone 15 Pro"),
    ]  # fmt: skip
    assert named("an iPhone 6 days ago") == [("product", "iPhone")]


def test_the_catalogue_teaches_names_and_takes_them_back() -> None:
    own = EntityFinder(load_lexicons())
    shoe = Item("i1", title="Ridge Runner 3, blue", brand="Zyntrax", author="Mia Quill", color="glacier")
    text = "the Zyntrax Ridge Runner 3 in glacier, designed with Mia Quill"
    own.catalogue.put("shop:i1", shoe)
    own.catalogue.put("shop:i2", Item("i2", brand="Zyntrax"))
    assert named(text, by=own) == [
        ("brand", "Zyntrax"), ("product", "Ridge Runner 3"), ("color", "glacier"), ("person", "Mia Quill"),
    ]  # fmt: skip
    own.catalogue.remove("shop:i1")
    assert named(text, by=own) == [("brand", "Zyntrax")]
    own.catalogue.put("shop:i2", Item("i2", brand="Other"))
    assert named(text, by=own) == []
    assert len(own.catalogue) == 1


def test_the_catalogue_of_names_is_bounded() -> None:
    small = EntityFinder(load_lexicons())
    small.catalogue._max_items = 2
    for number, brand in enumerate(["Zyntrax", "Quorvia", "Belnor"]):
        small.catalogue.put(f"shop:{number}", Item(str(number), brand=brand))
    assert named("Zyntrax, Quorvia and Belnor", by=small) == [("brand", "Quorvia"), ("brand", "Belnor")]


def test_the_item_of_a_text_is_believed_before_the_catalogue_knows_it() -> None:
    item = Item("i1", title="Ridge Runner 3", brand="Zyntrax")
    (mention,) = finder().find("great fit, Zyntrax!", item)[-1:]
    assert (mention.kind, mention.name, mention.confidence) == ("brand", "zyntrax", OF_THE_ITEM)


def test_a_brand_spelt_like_a_word_counts_where_it_is_written_as_a_name() -> None:
    item = Item("i1", brand="Simple")
    assert named("so simple to use", item) == []
    assert named("Simple to use", item) == []
    assert named("my Simple scale", item) == [("brand", "Simple")]


def test_a_word_that_is_only_written_as_a_name_is_less_sure() -> None:
    (mention,) = finder().find("it came from my Amazon account")
    assert mention.confidence == AS_WRITTEN
