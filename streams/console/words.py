"""The words of the pages: English in the templates, Chinese in catalogues of gettext, one for each area."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from streams.domain.sentences import Language

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
CATALOGUES: Final = Path(__file__).parent / "words"


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """English -> the language's words; empty for English. What the catalogue lacks stays English."""
    if language == "en":
        return {}
    words: dict[str, str] = {}
    for path in sorted(CATALOGUES.glob(f"{language}*.po")):
        with path.open("rb") as file:
            read = read_po(file, locale=language)
        words |= {str(message.id): str(message.string) for message in read if message.id and message.string}
    return words


def say(language: Language, words: str) -> str:
    """The words in a language."""
    return catalogue(language).get(words, words)


def chosen(asked: str | None, remembered: str | None, accepted: str) -> Language:
    """The language of a request: as its URL says, else as the browser remembers, else as it accepts first.

    >>> chosen(None, None, "zh-CN,zh;q=0.9,en;q=0.8"), chosen("en", "zh", "zh"), chosen(None, None, "fr")
    ('zh', 'en', 'en')
    """
    for said in (asked, remembered):
        if said in LANGUAGES:
            return said
    for part in accepted.lower().split(","):
        for language in LANGUAGES:
            if part.strip().startswith(language):
                return language
    return "en"
