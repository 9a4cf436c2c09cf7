"""What a number is: an id, a card, a telephone, or nothing that names a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streams.domain import masking_checks as checks
from streams.domain.masking_context import is_social_security, is_something_else
from streams.domain.masking_numbers import Number, find_numbers
from streams.domain.masking_phones import is_phone
from streams.domain.masking_view import Span

_RESIDENT_SIZES: Final = {(18,), (15,), (6, 8, 4), (6, 6, 3), (3, 3, 4, 4, 4), (6, 4, 4, 4), (17, 1), (4, 4, 4, 4, 2)}
_CARD_SIZES: Final = {(4, 6, 5), (4, 6, 4), (6, 13), (6, 10)}


def find_numbers_of_people(view: str) -> Iterator[tuple[str, Span]]:
    """Kinds `id`, `card` and `phone`, from the left, none overlapping."""
    return find_numbers(view, kind_of)


def kind_of(number: Number) -> str | None:
    """Name of the kind. Check digits decide first; what is announced as an order or hangs on a word is left alone."""
    if _is_id(number):
        return "id"
    if _is_card(number):
        return "card"
    return "phone" if is_phone(number) else None


def _is_id(number: Number) -> bool:
    if number.is_glued and not number.is_spelt:
        return False
    if len(number.digits) in (15, 18) and _is_resident(number):
        return True
    return number.digits.isdecimal() and _is_foreign(number) and not is_something_else(number.before)


def _is_resident(number: Number) -> bool:
    shaped = number.is_spelt or (number.has_plain_joints and number.sizes in _RESIDENT_SIZES)
    if not shaped or not checks.is_resident_id(number.digits):
        return False
    # The old form has no check digit, so a serial number may look like it.
    return len(number.digits) == 18 or not (is_something_else(number.before) or checks.has_luhn(number.digits))


def _is_foreign(number: Number) -> bool:
    digits, sizes, joints = number.digits, number.sizes, number.joints
    if sizes == (3, 2, 4):
        return number.is_uniform and joints[0] in ("-", " ", ".") and checks.is_social_security(digits)
    if sizes == (9,):
        return is_social_security(number.before) and checks.is_social_security(digits)
    if sizes == (3, 3, 3, 2):
        return joints == (".", ".", "-") and checks.is_cpf(digits)
    if sizes == (6, 7):
        return joints == ("-",) and checks.is_korean_resident(digits)
    return sizes == (4, 4, 4) and number.is_uniform and joints[0] in (" ", "-") and checks.is_aadhaar(digits)


def _is_card(number: Number) -> bool:
    if not 13 <= len(number.digits) <= 19 or number.is_glued or number.is_led:
        return False
    if not number.is_spelt:
        grouped = set(number.sizes[:-1]) == {4} and number.sizes[-1] <= 4
        if len(number.sizes) > 1 and not (grouped or number.sizes in _CARD_SIZES):
            return False
        if not number.has_plain_joints:
            return False
    return checks.is_card(number.digits) and not is_something_else(number.before)
