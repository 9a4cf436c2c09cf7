"""How a text reads with its disguises off: full-width, circled and foreign digits, invisible characters, 一三八.

The finders of personal data read a view; the text itself keeps its spelling. Most texts are their own view.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

Span = tuple[int, int]

#: Digits as Chinese writes them: ordinary, on the telephone (幺), in accounts. Ten (十) stands in no number read out.
NUMERALS: Final = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_VALUES: Final = "001234567891123456789"
_TO_DIGITS = str.maketrans(NUMERALS, _VALUES)
# Fewer in a row are a word (三八), a year (一九九八) or a count.
_NUMERAL_RUN = re.compile(f"[0-9{NUMERALS}](?:[\\s.,、·_\u2010-\u2015-]{{0,3}}[0-9{NUMERALS}]){{6,}}")
_NUMERAL = re.compile(f"[{NUMERALS}]")
_BEYOND_BMP = re.compile("[^\\x00-\\uffff]")
#: Combining marks that strike through or enclose a digit: 1̶, 1⃣. Others belong to letters.
_OVERLAYS = (range(0x300, 0x370), range(0x20D0, 0x20F1))
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
#: Scripts whose letters fold to nothing a finder reads: Han, Hangul, surrogates, private use.
_PLAIN = (range(0x3400, 0xA000), range(0xAC00, 0xF900))


@dataclass(frozen=True, slots=True)
class View:
    """text: what the finders read. offsets: place in the original by place in `text`; None where both are alike."""

    text: str
    offsets: list[int] | None

    def original(self, span: Span) -> Span:
        """Where a span of the view stands in the original."""
        if self.offsets is None:
            return span
        return self.offsets[span[0]], self.offsets[span[1] - 1] + 1


def view_of(text: str) -> View:
    """The text without disguises. Linear; a text without any comes back as it is.

    >>> view_of("１３\u200b８").text
    '138'
    """
    if text.isascii():
        return View(text, None)
    if _odd().search(text) is None and _BEYOND_BMP.search(text) is None:
        return View(text, None)
    folded = [(_fold(c), i) for i, c in enumerate(text)]
    return View("".join(piece for piece, _ in folded), [i for piece, i in folded for _ in piece])


def with_digits(view: str) -> str:
    """Runs of seven and more Chinese numerals as digits, in the same places.

    >>> with_digits("一三八零零一三八零零零是我，一起")
    '13800138000是我，一起'
    """
    if view.isascii() or _NUMERAL.search(view) is None:
        return view
    return _NUMERAL_RUN.sub(lambda run: run[0].translate(_TO_DIGITS), view)


@lru_cache(maxsize=4_096)
def _fold(char: str) -> str:
    """What a character stands for: nothing, itself, or up to eighteen others."""
    if char <= "\x7f":
        return char
    if _is_unseen(char):
        return ""
    value = unicodedata.decimal(char, None)
    if value is not None:
        return str(value)
    return unicodedata.normalize("NFKC", char)


def _is_unseen(char: str) -> bool:
    code = ord(char)
    if char in _INVISIBLE or any(code in marks for marks in (*_OVERLAYS, *_SELECTORS)):
        return True
    return unicodedata.category(char) == "Cf"


@cache
def _odd() -> re.Pattern[str]:
    """Characters of the BMP that are unseen or stand for ASCII; some ten milliseconds, once.

    A class within the BMP compiles to a bitmap, so looking for it costs a few nanoseconds a character.
    """
    odd = (chr(c) for c in range(0x80, 0x1_0000) if not any(c in plain for plain in _PLAIN))
    found = [c for c in odd if (folded := _fold(c)) != c and (not folded or _reads(folded))]
    return re.compile(f"[{re.escape(''.join(found))}]")


def _reads(folded: str) -> bool:
    return any(" " < c <= "\x7f" for c in folded)
