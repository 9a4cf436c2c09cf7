"""N9: numbers of people are found however they are written, and in linear time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain import masking
from streams.domain.masking import mask
from streams.domain.masking_accounts import find_accounts
from streams.domain.masking_checks import has_luhn, is_aadhaar, is_card, is_cpf, is_date, is_iban, is_resident_id
from streams.domain.masking_emails import find_emails, may_hold_emails
from streams.domain.masking_ids import find_ids
from streams.domain.masking_kinds import find_numbers_of_people
from streams.domain.masking_view import NUMERALS, view_of, with_digits
from tests.support.growth import BOUND, growth
from tests.unit.test_masking import texts

pytestmark = pytest.mark.requirement("N9")

CHINESE_DIGITS = "零一二三四五六七八九"
#: Ways to write a digit.
SPELLINGS: list[Callable[[str], str]] = [
    lambda d: d,
    lambda d: chr(ord(d) + 0xFEE0),
    lambda d: chr(0x1D7CE + int(d)),
    lambda d: chr(0x660 + int(d)),
    lambda d: d + "\u200b",
    lambda d: d + "\ufe0f\u20e3",
    lambda d: CHINESE_DIGITS[int(d)],
]
mobiles = st.from_regex(r"1[3-9][0-9]{5}[1-9][0-9]{3}", fullmatch=True)
leads = st.sampled_from(["", "打我 ", "call me ", "电话：", "有问题找", "（", "tel:", "好好好，"])
tails = st.sampled_from(["", " 谢谢", "，急", " please", "）", "。", "!"])


def carded(body: str) -> str:
    return next(body + str(d) for d in range(10) if has_luhn(body + str(d)))


def resident(body: str) -> str:
    return next(body + c for c in "0123456789X" if is_resident_id(body + c))


cards = st.from_regex(r"(?:4|5[1-5])[0-9]{13}[0-8]", fullmatch=True).map(lambda body: carded(body[:15].ljust(15, "7")))
residents = st.builds(
    lambda region, year, month, day, rest: resident(f"{region}{year}{month:02}{day:02}{rest:03}"),
    st.sampled_from(["110101", "440307", "310115", "510104"]),
    st.integers(1930, 2015), st.integers(1, 12), st.integers(1, 28), st.integers(0, 999),
)  # fmt: skip


@given(leads, mobiles, tails, st.sampled_from(SPELLINGS), st.sampled_from(["3-4-4", "3-8", "1", "11"]),
       st.sampled_from([" ", "-", ".", "·", " - "]))  # fmt: skip
def test_a_chinese_mobile_is_found_in_every_spelling(
    lead: str, mobile: str, tail: str, spell: Callable[[str], str], shape: str, joint: str
) -> None:
    groups = {
        "3-4-4": [mobile[:3], mobile[3:7], mobile[7:]],
        "3-8": [mobile[:3], mobile[3:]],
        "1": list(mobile),
        "11": [mobile],
    }[shape]
    written = joint.join("".join(map(spell, group)) for group in groups)
    masked = mask(lead + written + tail)
    assert masked.counts == {"phone": 1}
    assert masked.text.startswith(f"{lead}[phone]")
    assert masked.text.endswith(tail)


@given(leads, cards, tails, st.sampled_from(["", " ", "-", "\u200b"]))
def test_a_card_with_its_check_digit_is_found_and_with_another_is_not(
    lead: str, card: str, tail: str, joint: str
) -> None:
    def written(digits: str) -> str:
        return lead + joint.join(digits[i : i + 4] for i in range(0, 16, 4)) + tail

    assert mask(written(card)).text == f"{lead}[card]{tail}"
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    assert "card" not in mask(written(wrong)).counts


@given(leads, residents, tails)
def test_a_resident_id_is_found(lead: str, number: str, tail: str) -> None:
    assert mask(f"{lead}{number}{tail}").text == f"{lead}[id]{tail}"


@given(leads, st.from_regex(r"[a-z][a-z0-9]{1,15}(?:[._-][a-z0-9]{1,8})?", fullmatch=True),
       st.from_regex(r"[a-z][a-z0-9]{1,20}\.(?:com|org|cn|co\.uk|io)", fullmatch=True),
       st.sampled_from(["@", "＠", "\u200b@", "(at)", " [at] "]))  # fmt: skip
def test_an_address_of_email_is_found(lead: str, local: str, domain: str, sign: str) -> None:
    masked = mask(f"{lead}{local}{sign}{domain} 好")
    assert masked.counts == {"email": 1}
    assert masked.text == f"{lead}[email] 好"


@given(texts)
def test_the_guards_hide_nothing_from_the_finders(text: str) -> None:
    view = view_of(text).text
    needed = masking._needed(view)
    reading = with_digits(view)
    for find in (find_emails, find_ids, find_numbers_of_people, find_accounts):
        if find not in needed:
            assert not list(find(reading))


def test_a_text_without_signs_is_not_searched() -> None:
    assert masking._needed("A fine shoe of 2024 and worth it, even at home.") == []
    assert masking._needed("质量很好，一直在用，下次还来，三三两两") == []
    assert not may_hold_emails("I was at home. It rained")


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "12 ", "12 345 ", "138 0013 8001 ", "1-", "1.2.", "13800138000 ", "138-", "a@", "@", "a@b.", "a@b.co ", "a.", "(at)", " at a", "微信", "微信:a",
     "vx ", "QQ1 ", "q", "护照", "DE89 ", "A1", "A1(", "一", "一 ", "telegram:", "+", "+1", "((", "account ", "卡号", "1🌸",
     "é", "1\u0301", "x" * 64 + "@", "a-", "#qq.", " dot ", "点", "4111 ", "00"],
)  # fmt: skip
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    def masking_of(n_chars: int) -> Callable[[], object]:
        return partial(mask, (unit * (n_chars // len(unit) + 1))[:n_chars])

    assert growth(masking_of, 4_000) <= BOUND


def test_a_text_of_a_million_characters_has_a_masked_form() -> None:
    text = "好" * 500_000 + "13800138000" + "a" * 500_000
    assert mask(text).counts == {}
    assert mask(text.replace("a", "。")).counts == {"phone": 1}


def test_lone_surrogates_are_text_like_any_other() -> None:
    assert mask("\ud800 13800138000 \udfff").text == "\ud800 [phone] \udfff"


def every(check: Callable[[str], bool], valid: str) -> Iterator[bool]:
    for place, digit in enumerate(valid):
        yield check(valid[:place] + str((int(digit) + 1) % 10) + valid[place + 1 :])


@pytest.mark.parametrize(
    ("check", "valid"),
    [(is_card, "4111111111111111"), (is_cpf, "11144477735"), (is_aadhaar, "234123412346"),
     (is_resident_id, "110101199003074610")],
)  # fmt: skip
def test_one_wrong_digit_breaks_a_check(check: Callable[[str], bool], valid: str) -> None:
    assert check(valid)
    assert not any(every(check, valid))


def test_an_iban_is_checked_mod_97() -> None:
    assert is_iban("GB29NWBK60161331926819")
    assert not is_iban("GB29NWBK60161331926818")


@pytest.mark.parametrize(("year", "day", "valid"), [(2000, "0229", True), (1900, "0229", False), (2023, "0431", False),
                                                    (2023, "1301", False), (2023, "1231", True), (2023, "0100", False)])  # fmt: skip
def test_dates_of_birth_are_days_of_the_year(year: int, day: str, valid: bool) -> None:
    assert is_date(year, day) is valid


def test_chinese_numerals_are_digits_only_in_long_runs() -> None:
    assert with_digits("一九九八年，三八节") == "一九九八年，三八节"
    assert len(with_digits(NUMERALS)) == len(NUMERALS)
    assert with_digits(NUMERALS).isdecimal()
