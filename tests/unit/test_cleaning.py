"""A11: one spelling for one text."""

from __future__ import annotations

import unicodedata
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.cleaning import MAX_TAG_CHARS, clean_tag, clean_text
from tests.support.growth import BOUND, growth

pytestmark = pytest.mark.requirement("A11")

#: Fragments that undo each other when a rule is applied once.
NASTY = st.sampled_from(
    ["<b>", "</b>", "<", ">", "&", "amp;", "&lt;", "&#60;", "&#x3c;", "script", "<script>", "</script>", "http", "://",
     "www.", "＜", "＞", "＆", "\u200b", "\u00ad", "\ufe0f", "\u3164", "é", "e\u0301", "\u0301", "\u0316", "ﷺ", "ﬁ", "İ",
     "ß", "Σ", "ς", "ͅ", "　", " ", "\n", "\x00", "#", "你好", "a", "а", "о", "ν", "б", "ѕс", "😀", "\U0001d165", "´", "ẞ", "ŉ", "ǰ", "ΐ"]
)  # fmt: skip
texts = st.one_of(st.text(max_size=80), st.lists(NASTY, max_size=40).map("".join))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Ｈｅｌｌｏ　ｗｏｒｌｄ", "Hello world"),
        ("ﾃﾚﾋﾞ", "テレビ"),
        ("ze\u200bro \u2060width\ufeff", "zero width"),
        ("a\x00b\x07c", "abc"),
        ("line\r\n\tbreak\u2028here", "line break here"),
        ("<p>Bold <b>claim</b></p>", "Bold claim"),
        ("a<script>alert('x')</script>b", "a b"),
        ("R&amp;B &#38; soul &#x26; funk", "R&B & soul & funk"),
        ("&lt;b&gt;hidden&lt;/b&gt;", "hidden"),
        ("1 < 2 & 3 > 2, I <3 you", "1 < 2 & 3 > 2, I <3 you"),
        ("see https://x.example/a?b=c now", "see now"),
        ("看https://t.example/abc很好", "看 很好"),
        ("visit www.example.com today", "visit today"),
        ("家庭\u200d装", "家庭装"),
        ("ﬁne", "fine"),
        ("Apple apple", "Apple apple"),
        ("Nikе аnd wwԝ.example.com", "Nike and"),
        ("сок, TNFα, 中国Nikе鞋", "сок, TNFα, 中国Nike鞋"),
        ("", ""),
    ],
)
def test_a_text_is_left_with_what_was_written(raw: str, clean: str) -> None:
    assert clean_text(raw, 200) == clean


@given(texts, st.integers(1, 120))
def test_cleaning_twice_is_cleaning_once(raw: str, max_chars: int) -> None:
    once = clean_text(raw, max_chars)
    assert clean_text(once, max_chars) == once


@given(texts, st.integers(1, 120))
def test_a_clean_text_is_short_visible_and_normalised(raw: str, max_chars: int) -> None:
    text = clean_text(raw, max_chars)
    assert len(text) <= max_chars
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFKC", text)
    assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Co"}
    assert "http://" not in text


@given(st.text(max_size=60))
def test_full_and_half_width_are_the_same_text(raw: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in raw)
    assert clean_text(wide, 10_000) == clean_text(unicodedata.normalize("NFKC", wide), 10_000)


@given(texts)
def test_a_tag_is_folded_once_and_for_all(raw: str) -> None:
    tag = clean_tag(raw)
    assert clean_tag(tag) == tag
    assert len(tag) <= MAX_TAG_CHARS
    assert not tag.startswith("#")


@pytest.mark.parametrize(
    ("raw", "tag"),
    [("#Trail Running", "trail running"), ("＃手机", "手机"), ("STRASSE", "strasse"), ("nіkе", "nike"), ("ni\u200bke", "nike")],
)
def test_tags_that_look_the_same_are_one(raw: str, tag: str) -> None:
    assert clean_tag(raw) == tag


@pytest.mark.parametrize(
    "hostile",
    [("a", "\u0301\u0316"), ("", "<a"), ("&", "amp;"), ("", "<script>"), ("", "ﷺ"), ("", "&#38;"), ("", "www."), ("x://", "a+"),
     ("", "\U0001d165\U0001d16d"), ("<", "a"), ("<!--", "-")],
    ids=["marks", "tags", "nested entities", "open scripts", "expanding", "entities", "addresses", "schemes", "astral",
         "a tag that never ends", "a comment that never ends"],
)  # fmt: skip
def test_the_time_of_a_hostile_text_grows_with_it_and_no_faster(hostile: tuple[str, str]) -> None:
    head, unit = hostile
    assert growth(lambda n_chars: partial(clean_text, head + unit * (n_chars // len(unit)), 4_000), 2_000) <= BOUND
