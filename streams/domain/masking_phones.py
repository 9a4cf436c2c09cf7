"""Is a number a telephone? By its country's plan, by how it is grouped, or because the text says so before it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from streams.domain.masking_context import is_price, is_something_else, phone_link
from streams.domain.masking_numbers import Number

_UNIT_AFTER = re.compile(
    r"\s?(?:元|円|块|万|亿|多|%|‰|人|次|个|件|条|播放|粉丝|点赞|浏览|经验|金币|积分|分|米|克|公里|年|字节"
    r"|(?:usd|rmb|eur|dollars?|euros?|yuan|won|yen|km|ml|mah|kg|bytes?|ms|views|likes|followers|points|people|steps"
    r"|plays|coins|users|hz|cores)\b)"
)
_MOBILE = re.compile(r"(?:(?:00)?86)?(1[3-9][0-9]{9})")
_CITY = re.compile(r"(010|02[0-57-9])[2-9][0-9]{7}|(0[3-9][0-9]{2})[2-9][0-9]{6,7}")
_NORTH_AMERICAN = re.compile(r"1?[2-9][0-8][0-9](?!11)[2-9][0-9]{6}")
_COUNTRY = re.compile(
    r"(?:7|2[07]|2[1-69][0-9]|3[0-469]|3[578][0-9]|4[013-9]|42[0-9]|5[1-8]|5[09][0-9]|6[0-6]|6[7-9][0-9]|8[1246]"
    r"|8[0578][0-9]|9[0-58]|9[679][0-9])(?=[0-9]{6})"
)
#: Digits after the country code where the plan is known; elsewhere 7 to 12.
_NATIONAL_DIGITS: Final = {
    "7": (10, 10), "33": (9, 9), "34": (9, 9), "39": (8, 11), "44": (9, 10), "49": (7, 12), "52": (10, 10),
    "55": (10, 11), "61": (9, 9), "65": (8, 8), "81": (9, 10), "82": (8, 10), "86": (10, 12), "91": (10, 10),
    "852": (8, 8), "853": (8, 8), "886": (8, 9),
}  # fmt: skip
#: How numbers with a trunk zero are grouped in Britain, France, Germany, Italy, Switzerland, Japan, Taiwan, Australia.
_TRUNK_SIZES: Final = frozenset({
    (3, 4, 4), (4, 3, 4), (5, 6), (5, 3, 3), (2, 2, 2, 2, 2), (3, 8), (3, 7), (4, 7), (4, 8), (4, 3, 3), (2, 4, 4),
    (3, 3, 4), (3, 3, 2, 2), (2, 8), (4, 2, 2, 2), (3, 2, 2, 2), (4, 6),
})  # fmt: skip
_DATE = re.compile(r"(?:19|20)[0-9]{2}[01][0-9][0-3][0-9](?:[0-2][0-9](?:[0-5][0-9]){0,2})?")
_DATES_IN_GROUPS = re.compile(
    r"(?:[0-3][0-9][-./ ]){2}(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}[-./ ][01][0-9][-./ ][0-3][0-9]"
)


def is_phone(number: Number) -> bool:
    """By the plans of China and North America, by a country code, by a trunk zero with groups, or announced."""
    link = phone_link(number.before)
    if link is None and (number.is_glued or is_something_else(number.before)):
        return False
    if _is_round(number.digits) or _is_date(number):
        return False
    if is_price(number.before) or _UNIT_AFTER.match(number.after):
        return False
    if number.before.rstrip("( ").endswith("+") and number.has_plain_joints:
        return _is_international(number.digits)
    if _is_chinese_mobile(number) or _is_chinese_city(number) or _is_north_american(number, link is not None):
        return True
    return _is_trunk(number, link is not None) or (link is not None and _is_announced(number, link))


def _is_chinese_mobile(number: Number) -> bool:
    match = _MOBILE.fullmatch(number.digits)
    if match is None or not number.is_plain:
        return False
    sizes = number.sizes[1:] if number.groups[0] in ("86", "0086") else number.sizes
    if number.is_spelt or sizes in ((11,), (13,), (15,), (3, 4, 4), (3, 8), (7, 4), (5, 4, 4)):
        return True
    if len(sizes) > 5 or not number.is_uniform or number.is_listed:
        return False
    return not _is_address(number) and not (match[1][:2] == "19" and sizes[0] == 4)


def _is_chinese_city(number: Number) -> bool:
    match = _CITY.fullmatch(number.digits)
    if match is None or not number.is_plain or number.is_listed:
        return False
    if number.is_spelt:
        return True
    if len(number.groups) == 1:
        return match[1] is not None
    return number.groups[0] == (match[1] or match[2]) and len(number.groups) <= 3


def _is_north_american(number: Number, announced: bool) -> bool:
    if _NORTH_AMERICAN.fullmatch(number.digits) is None or number.is_listed:
        return False
    if number.sizes not in ((3, 3, 4), (1, 3, 3, 4)) or not number.has_plain_joints:
        return announced and number.is_plain and (number.is_spelt or len(number.groups) <= 2)
    # Three round figures with spaces between are prices or sizes.
    spaced = all(joint.isspace() for joint in number.joints)
    return not (spaced and sum(group.endswith("00") for group in number.groups) >= 2)


def _is_trunk(number: Number, announced: bool) -> bool:
    """0 and an area: 020 7946 0958, 06 12 34 56 78, 0171/1234567; bare only British mobiles and 00 + country."""
    digits = number.digits
    if digits.startswith("00"):
        return (announced or len(number.groups) > 1) and number.is_plain and _is_international(digits[2:])
    if digits[0] != "0" or not number.is_plain or not 9 <= len(digits) <= 11 or number.is_listed:
        return False
    if len(number.groups) == 1:
        return announced or (digits[1] == "7" and len(digits) == 11)
    if number.is_spelt:
        return True
    if len(number.groups) > 3 and not number.is_uniform:
        return False
    return (announced or number.sizes in _TRUNK_SIZES) and not _is_rising(number.groups)


def _is_international(digits: str) -> bool:
    """After + or 00: a country's code and as many digits as its plan has."""
    if digits[0] == "1":
        return len(digits) == 11 and _NORTH_AMERICAN.fullmatch(digits) is not None
    match = _COUNTRY.match(digits)
    if match is None:
        return False
    code, rest = match[0], digits[match.end() :]
    least, most = _NATIONAL_DIGITS.get(code, (7, 12))
    if code == "86":
        return _MOBILE.fullmatch(rest) is not None or _CITY.fullmatch("0" + rest.removeprefix("0")) is not None
    # +44 (0)20: the trunk zero is written but not dialled.
    return least <= len(rest) <= most + (rest[0] == "0")


def _is_announced(number: Number, link: str) -> bool:
    """Several groups after a bare noun (手机 1999 2999) may be prices: there the link must be more than a blank."""
    if not number.is_plain or not 7 <= len(number.digits) <= 13 or number.is_listed:
        return False
    if len(number.groups) == 1 or number.digits[0] == "0":
        return True
    return link.strip(" .(-") != ""


def _is_date(number: Number) -> bool:
    if len(number.groups) == 1 and len(number.digits) != 11:
        return _DATE.fullmatch(number.digits) is not None
    written = "".join(a + b for a, b in zip(number.groups, (*number.joints, ""), strict=True))
    return _DATES_IN_GROUPS.match(written) is not None


def _is_round(digits: str) -> bool:
    return digits.endswith("0000000") or len(set(digits)) <= 1


def _is_address(number: Number) -> bool:
    """Four numbers below 256 with dots between: a machine, or a version."""
    return len(number.groups) == 4 and set(number.joints) == {"."} and all(int(group) < 256 for group in number.groups)


def _is_rising(groups: tuple[str, ...]) -> bool:
    """01 05 12 23 28: small numbers in order are a draw or a count."""
    return len(groups) > 3 and groups[-1] < "50" and all(a < b for a, b in pairwise(groups))
