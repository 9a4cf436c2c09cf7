"""Check digits and shapes of cards and of people's numbers. Each takes digits without separators."""

from __future__ import annotations

import re
from typing import Final

MAX_BIRTH_YEAR: Final = 2100

_CARD = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[1-5]|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12,14}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|(?:60|62|64|65|81)[0-9]{14,17}|220[0-4][0-9]{12}|(?:9558|50[0-9]{2}|5[6-8][0-9]{2}|6[37][0-9]{2})[0-9]{12,15}"
)
_REGION = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_VERHOEFF_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_card(digits: str) -> bool:
    """13 to 19 digits in the range of an issuer, with a Luhn digit; article numbers (EAN-13) are not cards.

    >>> is_card("4111111111111111"), is_card("4111111111111112")
    (True, False)
    """
    if not _CARD.fullmatch(digits) or not has_luhn(digits) or len(set(digits)) == 1:
        return False
    return len(digits) != 13 or not _is_article(digits)


def has_luhn(digits: str) -> bool:
    """The last digit is the Luhn check digit of those before it."""
    odd = sum(map(int, digits[-1::-2]))
    even = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (odd + even) % 10 == 0


def is_resident_id(digits: str) -> bool:
    """A Chinese resident id: 18 characters with a mod 11-2 check digit, or 15 of the form before 1999.

    >>> is_resident_id("11010519491231002X"), is_resident_id("110105194912310021")
    (True, False)
    """
    if not _REGION.match(digits):
        return False
    if len(digits) == 15:
        return digits.isdecimal() and is_date(1900 + int(digits[6:8]), digits[8:12])
    if len(digits) != 18 or not digits[:17].isdecimal():
        return False
    year = int(digits[6:10])
    if not (1900 <= year < MAX_BIRTH_YEAR and is_date(year, digits[10:14])):
        return False
    total = sum(weight * int(d) for weight, d in zip(_RESIDENT_WEIGHTS, digits[:17], strict=True))
    return "10X98765432"[total % 11] == digits[17]


def is_date(year: int, month_day: str) -> bool:
    """MMDD is a day of the year."""
    month, day = int(month_day[:2]), int(month_day[2:])
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1]:
        return False
    return (month, day) != (2, 29) or (year % 4 == 0 and year % 100 != 0) or year % 400 == 0


def is_social_security(digits: str) -> bool:
    """A US number that the authority issues: no area 000, 666 or 900 and above, no group 00, no serial 0000."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def is_cpf(digits: str) -> bool:
    """A Brazilian taxpayer: 11 digits, the last two are checks mod 11."""
    if len(set(digits)) == 1:
        return False
    for n in (9, 10):
        total = sum((n + 1 - i) * int(d) for i, d in enumerate(digits[:n]))
        if total * 10 % 11 % 10 != int(digits[n]):
            return False
    return True


def is_korean_resident(digits: str) -> bool:
    """YYMMDD and seven digits that begin with century and sex; since 2020 without a check digit."""
    return digits[6] in "12345678" and is_date(2000, digits[2:6])


def is_aadhaar(digits: str) -> bool:
    """An Indian resident: 12 digits with a Verhoeff check digit, the first 2 to 9."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        turned = int(digit)
        for _ in range(place % 8):
            turned = _VERHOEFF_TURN[turned]
        check = _dihedral(check, turned)
    return digits[0] in "23456789" and check == 0


def is_iban(text: str) -> bool:
    """ISO 13616 without spaces, in upper case: mod 97 is 1. The length by country is the caller's."""
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def _dihedral(a: int, b: int) -> int:
    """Product in the group of the symmetries of a pentagon, which Verhoeff's scheme is built on."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
    return (a - b - 5) % 5 + 5 if b < 5 else (a - b) % 5


def _is_article(digits: str) -> bool:
    return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0
