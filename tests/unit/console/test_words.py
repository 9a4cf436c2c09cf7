"""Every word of the pages has its Chinese, and no Chinese is left of a word that is gone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from streams.console.refusals import word_of
from streams.console.templating import TEMPLATES
from streams.console.words import CATALOGUES, catalogue, chosen, say
from streams.domain.reasons import MEANING
from streams.domain.remedies import REMEDY, remedy_of
from streams.service.field_verdicts import HOWS

FILLED_IN = re.compile(r"%\(\w+\)s")
#: Sentences that the code holds and pages show.
OF_THE_CODE = {*MEANING.values(), *REMEDY.values(), remedy_of("any other"), *HOWS}


def words_of_the_templates() -> set[str]:
    found = extract_from_dir(
        TEMPLATES, [("**.html", "jinja2.ext:babel_extract")], {"**.html": {"silent": "false", "trimmed": "false"}}
    )
    words: set[str] = set()
    for _, _, said, _, _ in found:
        words.update([said] if isinstance(said, str) else said)
    return words


def catalogues() -> list[Path]:
    return sorted(CATALOGUES.glob("zh*.po"))


def test_every_word_of_the_templates_has_its_chinese() -> None:
    assert sorted((words_of_the_templates() | OF_THE_CODE) - set(catalogue("zh"))) == []


def test_no_chinese_is_left_of_a_word_that_is_gone() -> None:
    """Words for codes of refusals have a test of their own."""
    left = set(catalogue("zh")) - words_of_the_templates() - OF_THE_CODE
    assert sorted(words for words in left if not words.startswith(word_of(""))) == []


def test_a_word_that_two_areas_say_is_the_same_in_both() -> None:
    said: dict[str, set[str]] = {}
    for path in catalogues():
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                if message.id:
                    said.setdefault(str(message.id), set()).add(str(message.string))
    assert {words: chinese for words, chinese in said.items() if len(chinese) > 1} == {}


def test_no_catalogue_says_a_word_twice() -> None:
    for path in catalogues():
        ids = Counter(re.findall(r'^msgid "(.+)"$', path.read_text("utf-8"), re.MULTILINE))
        assert [words for words, times in ids.items() if times > 1] == [], path.name


def test_what_is_filled_in_is_filled_in_in_both_languages() -> None:
    for english, chinese in catalogue("zh").items():
        assert sorted(FILLED_IN.findall(english)) == sorted(FILLED_IN.findall(chinese)), english


def test_english_says_itself_and_unknown_words_stay() -> None:
    assert say("en", "People") == "People"
    assert say("zh", "People") == "人物"
    assert say("zh", "no such word") == "no such word"


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "language"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        (None, None, "zh-TW,en;q=0.5", "zh"),
        (None, None, "de, en;q=0.5", "en"),
        ("xx", "yy", "", "en"),
    ],
)
def test_the_address_decides_before_the_browser(asked, remembered, accepted, language) -> None:
    assert chosen(asked, remembered, accepted) == language
