"""Many names looked for in a text at once.

A name is filed under its first word, or its first two characters where a script has no spaces; a text costs a look-up a
word or character, however many names there are.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Final, Generic, NamedTuple, TypeVar

SenseT = TypeVar("SenseT", bound=Hashable)

#: What names may start with in a text, and where.
Units = list[tuple[str, int]]

HAN: Final = "\u3400-\u9fff"
_WORD: Final = re.compile(rf"[{HAN}]+|[^\W\d_{HAN}]+|\d+")
_ASCII_WORD: Final = re.compile(r"[a-z]+|\d+")
_FIRST_HAN: Final = "\u3400"
_LAST_HAN: Final = "\u9fff"


class Found(NamedTuple, Generic[SenseT]):
    """A name in a text: characters start to end, and all that it may mean."""

    start: int
    end: int
    senses: tuple[SenseT, ...]


def fold(text: str) -> str:
    """The text for comparison, character by character in its place: lower case, hyphens as spaces.

    >>> fold("Coca-Cola’s İ")
    "coca cola's İ"
    """
    folded = text.lower()
    if len(folded) != len(text):
        folded = "".join(low if len(low := character.lower()) == 1 else character for character in text)
    return folded.replace("-", " ").replace("’", "'")


def is_han(character: str) -> bool:
    """Whether the character belongs to a script without spaces that is read here."""
    return _FIRST_HAN <= character <= _LAST_HAN


class NameIndex(Generic[SenseT]):
    """Folded names and what they may mean. Filled first, then read by any number of threads.

    >>> index = NameIndex[str]()
    >>> index.add("Red Bull", "drink"); index.add("red", "colour"); index.add("红色", "colour")
    >>> [(found.start, found.end, found.senses) for found in index.find(fold("redo the Red-Bull, 红色"))]
    [(9, 17, ('drink',)), (19, 21, ('colour',))]
    """

    def __init__(self) -> None:
        self._senses: dict[str, tuple[SenseT, ...]] = {}
        # A name is found by its start and its length: few lengths, however many names begin with "the".
        self._lengths: dict[str, tuple[int, ...]] = {}  # longest first

    def __len__(self) -> int:
        return len(self._senses)

    def add(self, name: str, sense: SenseT) -> None:
        """Make the name mean this as well. Raises ValueError for one that has no start to be found by."""
        folded = fold(name)
        start = start_of(folded)
        if start is None:
            raise ValueError(f"name {name!r}: begin with a letter, a digit or two characters")
        known = self._senses.get(folded, ())
        if sense not in known:
            self._senses[folded] = (*known, sense)
        if not known:
            lengths = {*self._lengths.get(start, ()), len(folded)}
            self._lengths[start] = tuple(sorted(lengths, reverse=True))

    def find(self, folded: str, units: Units | None = None) -> list[Found[SenseT]]:
        """Names in a folded text, in order; of overlapping ones the first, of those the longest.

        units: `units_of` the text, where several indexes look at it.
        """
        found: list[Found[SenseT]] = []
        senses, lengths_of, free, n_chars = self._senses, self._lengths, 0, len(folded)
        for unit, start in units_of(folded) if units is None else units:
            lengths = lengths_of.get(unit)
            if lengths is None or start < free:
                continue
            for length in lengths:
                end = start + length
                if end <= n_chars and (known := senses.get(folded[start:end])) and _ends_here(folded, end):
                    found.append(Found(start, end, known))
                    free = end
                    break
        return found


def start_of(folded: str) -> str | None:
    """What a folded name is filed under: its first word, or its first two characters of a script without spaces."""
    word = _WORD.match(folded)
    if word is None:
        return None
    if len(folded) > 1 and is_han(folded[0]):
        return word[0][:2]
    return None if is_han(folded[0]) else word[0]


def units_of(folded: str) -> Units:
    """All that a name may start with, and where: words, and pairs of characters where a script has no spaces.

    >>> units_of("ab 手机壳")
    [('ab', 0), ('手机', 3), ('机壳', 4), ('壳', 5)]
    """
    if folded.isascii():
        return [(word[0], word.start()) for word in _ASCII_WORD.finditer(folded)]
    units: Units = []
    for word in _WORD.finditer(folded):
        text, at = word[0], word.start()
        if _FIRST_HAN <= text[0] <= _LAST_HAN:
            # The last character alone begins names such as 速8.
            units += [(text[place : place + 2], at + place) for place in range(len(text))]
        else:
            units.append((text, at))
    return units


def _ends_here(folded: str, end: int) -> bool:
    """Whether no word or number goes on at `end`."""
    if end >= len(folded):
        return True
    last, following = folded[end - 1], folded[end]
    if is_han(last) or is_han(following):
        return True
    return not ((last.isalpha() and following.isalpha()) or (last.isdigit() and following.isdigit()))
