"""Letters that look like others: a Latin word with a Cyrillic or Greek letter in it is that Latin word in disguise.

Only words that hold a Latin letter are changed, so Russian and Greek stay what they are. The pairs are letters that a
reader takes for one another; of the small Greek ones only those that no formula needs (`TNFα` stays).
"""

from __future__ import annotations

import re
from typing import Final

SKELETON_CHARS: Final = 64

_LATIN_OF: Final = {
    # Cyrillic
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m",
    "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s", "т": "t", "ѵ": "v", "ԝ": "w", "х": "x", "у": "y",
    "А": "A", "В": "B", "С": "C", "Е": "E", "Н": "H", "І": "I", "Ј": "J", "К": "K", "М": "M", "О": "O", "Р": "P",
    "Ѕ": "S", "Т": "T", "Х": "X", "У": "Y", "Ԛ": "Q", "Ԝ": "W", "Ѵ": "V",
    # Greek
    "ο": "o", "ν": "v", "ϲ": "c", "ϳ": "j",
    "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P",
    "Τ": "T", "Υ": "Y", "Χ": "X",
}  # fmt: skip
_TO_LATIN: Final = str.maketrans(_LATIN_OF)
_LIKE: Final = re.compile(f"[{''.join(_LATIN_OF)}]")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_WORD: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff\u0370-\u03ff\u0400-\u052f]+")


def is_disguised(text: str) -> bool:
    """Whether a word of the text has Latin letters and others that look like Latin ones."""
    return _is_mixed(text) and any(map(_is_mixed, _WORD.findall(text)))


def undisguised(text: str) -> str:
    """The text with such words in Latin letters; doing it again, or to what is left of it when cut, changes nothing.

    >>> undisguised("Nikе иди, сок"), undisguised("сок")
    ('Nike иди, сок', 'сок')
    """
    return _WORD.sub(_in_latin, text) if _is_mixed(text) else text


def skeleton(text: str) -> str:
    """What is left of a text when digits, marks, spaces, case and look-alikes do not count; the text itself if nothing.

    >>> skeleton("BUY now!!! (7)") == skeleton("buy... nоw 8")
    True
    """
    letters = "".join(filter(str.isalpha, text.translate(_TO_LATIN).casefold()))
    return letters[:SKELETON_CHARS] or text[:SKELETON_CHARS]


def _is_mixed(words: str) -> bool:
    return _LIKE.search(words) is not None and _LATIN.search(words) is not None


def _in_latin(found: re.Match[str]) -> str:
    word = found[0]
    return word.translate(_TO_LATIN) if _is_mixed(word) else word
