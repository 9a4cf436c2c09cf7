"""What a capital letter says about a word of an English text, and where it says nothing."""

from __future__ import annotations

import re
from typing import Final

from streams.meaning.names import is_han

#: A text of which at least this share of words begin with a capital tells no names by capitals.
TITLE_CASE: Final = 0.6

_CAPITAL_WORD: Final = re.compile(r"[A-Z](?<![A-Za-z][A-Z])[A-Za-z]")
_CAPITAL_NEXT: Final = re.compile(r" [A-Z][a-z]")
_LAST_WORD: Final = re.compile(r"[A-Za-z']+$")
_LOOKED_BACK_CHARS: Final = 24
_SENTENCE_END: Final = frozenset('.!?。！？\n:："“(')
#: Capital words that begin no name.
_BEGINNINGS: Final = frozenset({"I", "A", "The", "My", "Our", "This"})


def is_in_title_case(text: str) -> bool:
    """Whether most words begin with a capital, as in the titles of things, so that a capital says nothing.

    >>> is_in_title_case("Simple Kitchen Scale, Black"), is_in_title_case("My Simple scale broke in a week")
    (True, False)
    """
    n_capitals = len(_CAPITAL_WORD.findall(text))
    if n_capitals < 2 or n_capitals < TITLE_CASE * (text.count(" ") + 1):
        return False
    # Among Chinese characters a word in Latin letters stands out by itself.
    return text.isascii() or not any(map(is_han, text))


def is_written_as_name(text: str, start: int, end: int) -> bool:
    """A capital that no beginning of a sentence explains, and no part of a longer name.

    >>> [is_written_as_name(text, text.index("Martin"), text.index("Martin") + 6)
    ...  for text in ("my Martin guitar", "says Mike Martin", "Martin is a brand")]
    [True, False, False]
    """
    if not text[start].isupper() or goes_on_in_capitals(text, end):
        return False
    before = text[max(0, start - _LOOKED_BACK_CHARS) : start].rstrip()
    if not before or before[-1] in _SENTENCE_END:
        return False
    word = _LAST_WORD.search(before)
    return word is None or not word[0][0].isupper() or word[0] in _BEGINNINGS


def goes_on_in_capitals(text: str, end: int) -> bool:
    """Whether the next word begins with a capital as well."""
    return _CAPITAL_NEXT.match(text, end) is not None
