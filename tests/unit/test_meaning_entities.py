"""E2: what texts name, with place, kind and confidence, in Chinese and English."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.events import Item
from streams.domain.readings import MENTION_KINDS
from streams.meaning.catalogue_names import CatalogueNames, list_file
from streams.meaning.entities import AS_WRITTEN, CATALOGUED, MAX_MENTIONS, OF_THE_ITEM, EntityFinder
from streams.meaning.lexicons import LexiconSpec, forms_of, load_lexicons
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


def test_what_the_catalogue_calls_its_things_is_read_from_the_lists_that_it_wrote(tmp_path: Path) -> None:
    names = CatalogueNames()
    names.put("shop:i1", Item("i1", title="Ridge Runner 3, blue", brand="Zyntrax", author="Mia Quill", color="glacier"))
    names.put("shop:i2", Item("i2", brand="ZYNTRAX"))
    names.put("shop:i3", Item("i3", brand="Quorvia"))
    names.put("shop:i3", None)
    for kind, listed in names.lists().items():
        (tmp_path / f"{kind}.toml").write_text(list_file(kind, listed), "utf-8")
    own = EntityFinder(load_lexicons(tmp_path))
    found = own.find("the Zyntrax Ridge Runner 3 in glacier, designed with Mia Quill, no Quorvia")
    assert [(each.kind, each.name, each.confidence) for each in found] == [
        ("brand", "zyntrax", CATALOGUED), ("product", "ridge runner 3", CATALOGUED),
        ("color", "glacier", CATALOGUED), ("person", "mia quill", CATALOGUED),
    ]  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(st.lists(st.builds(Item, st.just("i"), title=st.text(max_size=30), brand=st.text(max_size=12), author=st.text(max_size=12)), max_size=5))
def test_whatever_items_are_called_the_lists_can_be_read(items: list[Item]) -> None:
    names = CatalogueNames()
    for number, item in enumerate(items):
        names.put(f"shop:{number}", item)
    for kind, listed in names.lists().items():
        spec = msgspec.convert(tomllib.loads(list_file(kind, listed)), LexiconSpec)
        assert {form.form for form in forms_of(spec, "file")} == set(listed)


def test_of_too_many_names_those_of_the_most_items_are_kept() -> None:
    names = CatalogueNames()
    for number, brand in enumerate(["Zyntrax", "Quorvia", "Belnor", "Quorvia", "Belnor"]):
        names.put(f"shop:{number}", Item(str(number), brand=brand))
    assert names.lists(max_names=2) == {"brand": ["Belnor", "Quorvia"]}


def test_the_item_of_a_text_is_believed_whatever_the_lists_know() -> None:
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
