"""Personal data in free text, replaced by the name of its kind: what a person wrote stays, whom to call does not.

Kinds, and what counts as one:
* `[email]`    addresses, also spaced or spelt out (`ann at example dot org`)
* `[phone]`    numbers by the plans of China and North America, with a country code or trunk zero, or announced
* `[card]`     payment cards: an issuer's range and a Luhn digit
* `[id]`       Chinese resident ids, SSN, NINO, HKID, TW, NRIC, DNI, CPF, RRN, Aadhaar; passports where announced
* `[account]`  IBAN; bank, WeChat, QQ and other messenger accounts where announced

Names, street addresses, plates and public @handles are not looked for: a rule cannot tell them from other words.
Digits are recognised through full-width, circled, foreign and Chinese spellings, invisible characters, and any
separator of up to three characters. Pure, deterministic, linear in the text; takes any str, raises nothing.

Text must pass here after cleaning (an entity or markup may split a number) and before anything is cut, encoded, stored
or logged: `clean_and_mask` is the one call that keeps that order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from streams.domain.cleaning import RAW_PER_KEPT, clean_text
from streams.domain.masking_accounts import find_accounts, may_hold_accounts
from streams.domain.masking_emails import find_emails, may_hold_emails
from streams.domain.masking_ids import find_ids
from streams.domain.masking_kinds import find_numbers_of_people
from streams.domain.masking_view import NUMERALS, Span, view_of, with_digits

KINDS: Final = ("email", "phone", "card", "id", "account")
#: Characters read beyond those kept: longer than any address, so that a cut never hides half of one.
MARGIN_CHARS: Final = 256
#: Characters given up at the end where the raw text was longer than what is cleaned: half a number may stand there.
TORN_CHARS: Final = 64
#: What one pass uncovers (two addresses that shared a letter) the next one takes.
MAX_PASSES: Final = 8

# The guard of the finders of numbers; each finder has its own. \d{4} would miss 138.001.380.00, 06 12 34 56 78 and
# 1 3 8 0 0 ...: every number that is looked for has five digits with at most three characters between.
_DIGIT = f"0-9{NUMERALS}"
_DIGITS = re.compile(f"[{_DIGIT}](?:[^{_DIGIT}]{{0,3}}[{_DIGIT}]){{4}}")
_ASCII_DIGITS = re.compile("[0-9](?:[^0-9]{0,3}[0-9]){4}")

_TOKENS = re.compile(rf"\[(?:{'|'.join(KINDS)})\]")

_Finder = Callable[[str], Iterator[tuple[str, Span]]]
_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Masked:
    """text: without personal data. counts: replacements by kind, empty where the text is the one that came."""

    text: str
    counts: Mapping[str, int] = field(default_factory=lambda: _NOTHING)


def mask(text: str) -> Masked:
    """The text with tokens in place of personal data; the same object where there is none.

    Masking twice is masking once.

    >>> mask("Call 415-555-2671 or 微信: ann_b99").text
    'Call [phone] or 微信: [account]'
    """
    return _masked(text, len(text))


def clean_and_mask(raw: str, max_chars: int) -> Masked:
    """`clean_text`, masked, at most max_chars characters. What the cut would have torn apart is masked whole.

    >>> clean_and_mask("电话<b>138</b>&#48;0138000，谢谢", 8).text
    '电话 [phon'
    """
    text = clean_text(raw, max_chars + MARGIN_CHARS)
    kept = min(len(text), max_chars)
    if len(raw) > RAW_PER_KEPT * (max_chars + MARGIN_CHARS):
        kept = min(kept, max(0, len(text) - TORN_CHARS))
    masked = _masked(text, kept)
    return masked if len(masked.text) <= max_chars else Masked(masked.text[:max_chars].rstrip(), masked.counts)


def without_tokens(text: str) -> str:
    """A masked text with white space in place of the tokens, which are no words of the person. As long as before.

    >>> without_tokens("Call [phone] now")
    'Call         now'
    """
    return _TOKENS.sub(_blank, text) if "[" in text else text


def _blank(token: re.Match[str]) -> str:
    return " " * len(token[0])


def _masked(text: str, kept: int) -> Masked:
    """All of the text is read, the first `kept` characters are given back."""
    counts: Counter[str] = Counter()
    for _ in range(MAX_PASSES):
        spans = _spans(text)
        if not spans:
            break
        text, kept = _replaced(text, spans, kept, counts)
    shown = text if kept >= len(text) else text[:kept].rstrip()
    return Masked(shown, MappingProxyType(dict(counts)) if counts else _NOTHING)


def _spans(text: str) -> list[tuple[Span, str]]:
    """Places of personal data with their kinds, in order, none overlapping."""
    view = view_of(text)
    finders = _needed(view.text)
    if not finders:
        return []
    reading = with_digits(view.text)
    found: list[tuple[Span, str]] = []
    for find in finders:
        end, left = 0, list[str]()
        for span, kind in sorted((span, kind) for kind, span in find(reading)):
            if span[0] >= end:
                found.append((view.original(span), kind))
                # Blank, so that no later finder reads it again.
                left += (reading[end : span[0]], "\0" * (span[1] - span[0]))
                end = span[1]
        reading = "".join((*left, reading[end:])) if left else reading
    return sorted(found)


def _needed(view: str) -> list[_Finder]:
    """The finders that may find something, in order: none for most texts, which costs about a microsecond.

    Numbers come before accounts: a telephone that is somebody's 微信 is a telephone.
    """
    has_digits = (_ASCII_DIGITS if view.isascii() else _DIGITS).search(view) is not None
    finders: list[_Finder] = [find_emails] if may_hold_emails(view) else []
    if has_digits:
        finders += (find_ids, find_numbers_of_people)
    if has_digits or may_hold_accounts(view):
        finders.append(find_accounts)
    return finders


def _replaced(text: str, spans: list[tuple[Span, str]], kept: int, counts: Counter[str]) -> tuple[str, int]:
    """Tokens for spans, and where `kept` is then: after the token of a span that it fell into."""
    parts: list[str] = []
    position, shift, until = 0, 0, kept
    for (start, end), kind in spans:
        token = f"[{kind}]"
        parts += (text[position:start], token)
        position = end
        if start < kept:
            counts[kind] += 1
            shift += len(token) - (end - start)
            until = max(kept, end)
    parts.append(text[position:])
    return "".join(parts), until + shift
