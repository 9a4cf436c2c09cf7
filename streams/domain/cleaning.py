"""One spelling for one text: what is invisible, markup or an address goes, disguised letters become plain, words stay.

Laws: the same text gives the same output, and cleaning twice is cleaning once. Case stays, since encoders read it and
"apple" is not "Apple"; only `clean_tag`, whose output is compared word for word, folds it. Stop words, stemming and
segmentation have no place here: sub-word encoders lose negation by them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from html.entities import html5
from typing import Final

from streams.domain.lookalikes import is_disguised, undisguised

#: Raw characters read per character kept: markup may be longer than the text, but not without bound.
RAW_PER_KEPT: Final = 4
MAX_PASSES: Final = 4
MAX_TAG_CHARS: Final = 64
MAX_MARKS: Final = 8
#: The same few thousand words make up most tags.
MAX_TAGS_REMEMBERED: Final = 8_192

# Not printed, yet of no control category: grapheme joiner, Hangul fillers, variation selectors.
_INVISIBLE_BMP = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f"
_INVISIBLE = f"{_INVISIBLE_BMP}\U000e0100-\U000e01ef"
_BEYOND_BMP = re.compile("[^\\x00-\\uffff]")
_INVISIBLES = re.compile(f"[{_INVISIBLE}]")
# ASCII only after the scheme, so that an address glued to Chinese text does not take the text along.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[!-~]*|\b(?:www|WWW)\.[!-~]+")
# Possessive: a name that is not followed by its end is not tried letter by letter again, which would be quadratic.
_MARKUP = re.compile(r"<([/!?]?)([A-Za-z][A-Za-z0-9]*+|--|\[)[^<>]*+>")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_HIDDEN_ELEMENTS = frozenset({"script", "style"})
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
_MAX_CODE_POINT = 0x10FFFF


def clean_text(raw: str, max_chars: int) -> str:
    r"""Text for an encoder: at most max_chars characters, NFKC, no control or zero-width characters, URLs or markup.

    >>> clean_text("<b>Ｈｅｌｌｏ</b>\u200b  &amp; 你好 https://t.example/x", 100)
    'Hello & 你好'
    """
    text = raw[: max_chars * RAW_PER_KEPT]
    if not _is_clean(text):
        text = _settled(text, max_chars * RAW_PER_KEPT)
    return text if len(text) <= max_chars else text[:max_chars].rstrip()


def clean_tag(raw: str) -> str:
    """A tag or keyword, compared word for word: cleaned, case folded, without the leading #.

    >>> clean_tag(" #ＦＯＯＴball ")
    'football'
    """
    return _folded(raw[: MAX_TAG_CHARS * RAW_PER_KEPT])


@lru_cache(maxsize=MAX_TAGS_REMEMBERED)
def _folded(raw: str) -> str:
    # Folding may take a character apart (ß, ŉ) and so uncover markup: again, until the spelling rests.
    for _ in range(MAX_PASSES):
        text = clean_text(raw, MAX_TAG_CHARS).strip("# ")
        text = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())[:MAX_TAG_CHARS]
        if text == raw:
            break
        raw = text
    return raw


def _is_clean(text: str) -> bool:
    """True only if every rule would leave the text alone; a few hundred nanoseconds, taken by nearly every text."""
    if not text.isprintable() or "<" in text or "&" in text or "  " in text or "://" in text:
        return False
    if text[:1] == " " or text[-1:] == " " or "www." in text or "WWW." in text:
        return False
    if text.isascii():
        return True
    if _is_suspect(text) and _oddities().search(text) is not None:
        return False
    return unicodedata.is_normalized("NFKC", text) and not is_disguised(text)


def _is_suspect(text: str) -> bool:
    """May hold invisible characters or long runs of marks: a quick look that most texts pass."""
    return _suspects().search(text) is not None or _BEYOND_BMP.search(text) is not None


def _settled(text: str, max_chars: int) -> str:
    """Rules undo each other's disguises (an entity may hide a tag), so they run until nothing changes."""
    for _ in range(MAX_PASSES):
        before, text = text, _pass(text, max_chars)
        if text == before or _is_clean(text):
            return text
    # Only nested escapes get here: what is left of them is no text.
    return _pass(text.translate({ord("<"): " ", ord(">"): " ", ord("&"): " "}), max_chars)


def _pass(text: str, max_chars: int) -> str:
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in _DROPPED)
    if not text.isascii():
        if _is_suspect(text):
            # Long runs of combining marks make normalisation quadratic, and say nothing.
            text = _long_runs().sub(r"\1", _INVISIBLES.sub("", text))
        # One character may stand for eighteen: the bound holds again afterwards.
        text = unicodedata.normalize("NFKC", undisguised(unicodedata.normalize("NFKC", text)))[:max_chars]
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if "<" in text:
        text = _without_markup(text)
    if "://" in text or "www." in text or "WWW." in text:
        text = _ADDRESS.sub(" ", text)
    return " ".join(text.split())


def _without_markup(text: str) -> str:
    """Tags become spaces; what stands inside script and style elements goes with them. Linear in the text."""
    kept: list[str] = []
    position, hidden = 0, ""
    for tag in _MARKUP.finditer(text):
        closing, name = tag[1], tag[2].lower()
        if not hidden:
            kept.append(text[position : tag.start()])
            hidden = name if not closing and name in _HIDDEN_ELEMENTS else ""
        elif closing == "/" and name == hidden:
            hidden = ""
        position = tag.end()
    if not hidden:
        kept.append(text[position:])
    return " ".join(kept)


def _character(entity: re.Match[str]) -> str:
    body = entity[1]
    if body[0] != "#":
        return html5.get(f"{body};", entity[0])
    code = int(body[2:], 16) if body[1] in "xX" else int(body[1:])  # noqa: FURB166 - "#x" is no prefix that int knows
    return chr(code) if 0 < code <= _MAX_CODE_POINT else " "


@cache
def _marks() -> str:
    """Every combining character, as the inside of a character class; a few milliseconds, once."""
    return "".join(chr(c) for c in range(0x300, 0x1_F000) if unicodedata.combining(chr(c)))


@cache
def _long_runs() -> re.Pattern[str]:
    return re.compile(f"([{_marks()}]{{{MAX_MARKS}}})[{_marks()}]+")


@cache
def _suspects() -> re.Pattern[str]:
    """A class within the BMP compiles to a bitmap, twenty times faster than the rest; most texts need no more."""
    return re.compile("[" + "".join(c for c in _INVISIBLE_BMP + _marks() if c <= "\uffff") + "]")


@cache
def _oddities() -> re.Pattern[str]:
    return re.compile(f"[{_INVISIBLE}]|[{_marks()}]{{{MAX_MARKS + 1}}}")
