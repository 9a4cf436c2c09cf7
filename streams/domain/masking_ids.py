"""Official numbers with letters in them: IBAN, insurance, tax and residence numbers, passports where announced.

A check digit decides wherever there is one, since letters with digits are mostly models and parcels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from streams.domain.masking_checks import is_iban
from streams.domain.masking_view import Span

_FREE = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9_])"
_IBAN = re.compile(_FREE + r"([A-Za-z]{2})[ -]?([0-9]{2})(?=(?:[ -]?[0-9A-Za-z]){11})")
_ALNUM = re.compile(r"[ -]?([0-9A-Za-z])")
#: Characters by country (ISO 13616 registry).
_IBAN_CHARS: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24,
    "XK": 20,
}  # fmt: skip
_NOT_INSURANCE = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_INSURANCE = re.compile(
    _FREE + r"([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])([ -]?)[0-9]{2}\2[0-9]{2}\2[0-9]{2}\2[A-D]" + _END
)
_INSURED = re.compile(r"\b(?:NI|NINO|national insurance)\b", re.IGNORECASE)
_HONG_KONG = re.compile(_FREE + r"([A-Z]{1,2})([0-9]{6}) ?\(([0-9A])\)")
_TAIWAN = re.compile(_FREE + r"([A-Z])([1289][0-9]{8})" + _END)
_SINGAPORE = re.compile(_FREE + r"([STFG])([0-9]{7})([A-Z])" + _END)
_SPAIN = re.compile(_FREE + r"([XYZ]-?)?([0-9]{7,8})-?([A-HJ-NP-TV-Z])" + _END)
_PASSPORT = re.compile(
    r"(?:护照|通行证|台胞证|回乡证|passport|reisepass|驾照|driver'?s? licen[cs]e)"
    r"(?:号码?|numbers?|no\.?|num|id|is|是|为|[:：#=\s(]){0,6}"
    r"([A-Z]{0,2}[0-9]{6,9}[A-Z]?|[C-Z][0-9][0-9C-Z]{7})" + _END,
    re.IGNORECASE,
)
_PAPERS: Final = ("护照", "证", "驾照", "passport", "reisepass", "licen")
#: A letter beside a digit, or one character off: all other ids here have that.
_LETTERED = re.compile(r"[0-9](?:(?<=[A-Za-z].)|(?<=[A-Za-z][ -].)|-?[A-Z])")
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def find_ids(view: str) -> Iterator[tuple[str, Span]]:
    """Kinds `account` (IBAN) and `id`."""
    low = view.lower()
    if any(word in low for word in _PAPERS):
        for match in _PASSPORT.finditer(view):
            yield "id", match.span(1)
    if _LETTERED.search(view) is None:
        return
    for match in _IBAN.finditer(view):
        end = _iban_end(view, match)
        if end is not None:
            yield "account", (match.start(), end)
    for pattern, check in _CHECKED:
        for match in pattern.finditer(view):
            if check(match):
                yield "id", match.span()


def _iban_end(view: str, head: re.Match[str]) -> int | None:
    """Where the IBAN ends that begins with this head: its country says how long it is, mod 97 whether it is one."""
    text = (head[1] + head[2]).upper()
    n_chars = _IBAN_CHARS.get(text[:2], 0)
    end = head.end()
    while len(text) < n_chars:
        more = _ALNUM.match(view, end)
        if more is None:
            return None
        text += more[1].upper()
        end = more.end()
    after = view[end : end + 1]
    if not n_chars or not text.isascii() or (after.isalnum() and after.isascii()):
        return None
    return end if is_iban(text) else None


def _is_insurance(match: re.Match[str]) -> bool:
    """UK national insurance: no check digit, so a bare one looks like a model unless it is announced."""
    if match[1] in _NOT_INSURANCE:
        return False
    return bool(match[2]) or _INSURED.search(match.string, max(0, match.start() - 40), match.start()) is not None


def _is_hong_kong(match: re.Match[str]) -> bool:
    values = [36, *(int(c, 36) for c in match[1])][-2:] + [int(d) for d in match[2]]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True))
    return (total + int(match[3], 16)) % 11 == 0


def _is_taiwan(match: re.Match[str]) -> bool:
    tens, ones = divmod(_TAIWAN_LETTERS.index(match[1]) + 10, 10)
    weights = (8, 7, 6, 5, 4, 3, 2, 1, 1)
    return (tens + 9 * ones + sum(w * int(d) for w, d in zip(weights, match[2], strict=True))) % 10 == 0


def _is_singapore(match: re.Match[str]) -> bool:
    total = sum(w * int(d) for w, d in zip((2, 7, 6, 5, 4, 3, 2), match[2], strict=True))
    letters = "JZIHGFEDCBA" if match[1] in "ST" else "XWUTRQPNMLK"
    return letters[(total + (4 if match[1] in "TG" else 0)) % 11] == match[3]


def _is_spain(match: re.Match[str]) -> bool:
    """DNI (eight digits) or NIE (X, Y or Z and seven): the letter is the number mod 23."""
    lead = match[1] or ""
    if len(match[2]) != (7 if lead else 8):
        return False
    number = int(match[2]) + ("XYZ".index(lead[0]) * 10**7 if lead else 0)
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == match[3]


_CHECKED: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...]] = (
    (_INSURANCE, _is_insurance),
    (_HONG_KONG, _is_hong_kong),
    (_TAIWAN, _is_taiwan),
    (_SINGAPORE, _is_singapore),
    (_SPAIN, _is_spain),
)
