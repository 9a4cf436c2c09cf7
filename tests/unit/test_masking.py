"""N9: personal data in free text is masked before anything is encoded, stored or logged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.cleaning import clean_text
from streams.domain.masking import KINDS, MARGIN_CHARS, Masked, clean_and_mask, mask
from tests.support.harmless_texts import HARMLESS
from tests.support.masking_scores import scores
from tests.support.personal_texts import PERSONAL, Case

pytestmark = pytest.mark.requirement("N9")

#: Fragments that lend each other what a number, an address or an account needs.
NASTY = st.sampled_from(
    ["1", "38", "0013", "8000", "13800138000", "4111", "1111", "-", " ", ".", "+", "+44", "(", ")", "00", "0", "86", "@",
     "a", "ann", "gmail", ".com", " at ", "(at)", " dot ", "#", "qq", "艾特", "点", "微信", "vx", ":", "QQ", "id", "[phone]",
     "[account]", "[email]", "电话", "call ", "order ", "护照", "passport ", "E", "X", "DE89", "3704", "0044", "一", "三", "八",
     "零", "\u200b", "\u20e3", "１", "①", "٣", "@b.co", "telegram: ", "$", "元", "好", "\n", "_", "卡号", "ssn ", "123-45-6789"]
)  # fmt: skip
texts = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.lists(NASTY, max_size=30).map("".join),
)


@pytest.mark.parametrize("case", PERSONAL, ids=lambda case: case.text)
def test_what_names_a_person_is_replaced_by_its_kind(case: Case) -> None:
    masked = mask(case.text)
    assert masked.text == case.masked
    assert sum(masked.counts.values()) == len(case.secrets)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_names_nobody_stays(text: str) -> None:
    masked = mask(text)
    assert masked.text is text
    assert not masked.counts


@pytest.mark.parametrize("case", PERSONAL, ids=lambda case: case.text)
def test_cleaning_first_hides_no_secret_from_masking(case: Case) -> None:
    masked = clean_and_mask(case.text, 1_000)
    assert sum(masked.counts.values()) == len(case.secrets)
    for _, secret in case.secrets:
        assert clean_text(secret, 1_000) not in masked.text


@pytest.mark.parametrize("kind", KINDS)
def test_precision_and_recall_of_every_kind_hold(kind: str) -> None:
    score = scores()[kind]
    assert score.n_secrets >= 20
    assert score.precision >= 0.99
    assert score.recall >= 0.99


@given(texts)
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    again = mask(once.text)
    assert again.text == once.text
    assert again.text is once.text


@given(texts)
def test_any_text_has_a_masked_form_and_nothing_found_means_the_same_object(text: str) -> None:
    masked = mask(text)
    assert set(masked.counts) <= set(KINDS)
    assert (masked.text is text) == (not masked.counts)


@given(texts, st.integers(0, 100))
def test_a_cleaned_and_masked_text_is_short_and_settled(text: str, max_chars: int) -> None:
    masked = clean_and_mask(text, max_chars)
    assert len(masked.text) <= max_chars
    assert masked == clean_and_mask(text, max_chars)


@pytest.mark.parametrize("case", [case for case in PERSONAL if len(case.secrets) == 1], ids=lambda case: case.text)
@pytest.mark.parametrize("lead", ["好 " * 20, "so "])
def test_no_cut_shows_a_part_of_a_secret(case: Case, lead: str) -> None:
    whole = clean_text(lead + case.text, 1_000)
    start = len(clean_text(lead + case.text[: case.text.index(case.secrets[0][1])], 1_000))
    for max_chars in range(start, len(whole)):
        shown = clean_and_mask(lead + case.text, max_chars).text
        hidden = clean_text(lead + case.masked, 1_000)
        assert hidden.startswith(shown[: len(hidden)])


def test_a_number_torn_at_the_end_of_what_is_read_is_not_shown() -> None:
    max_chars = 100
    read = 4 * (max_chars + MARGIN_CHARS)
    text = "start" + "<b>" * ((read - 20) // 3)
    text += "x" * (read - len(text) - len(" 138001")) + " 13800138000"
    assert clean_text(text, max_chars + MARGIN_CHARS).endswith("138001")
    assert "138" not in clean_and_mask(text, max_chars).text


def test_markup_and_entities_split_no_number() -> None:
    assert clean_and_mask("打<b>138</b>&#48;0138&#x30;00 吧", 100) == Masked("打 [phone] 吧", {"phone": 1})


@given(st.sampled_from(HARMLESS), st.integers(1, 200))
def test_harmless_texts_are_only_cleaned(text: str, max_chars: int) -> None:
    assert clean_and_mask(text, max_chars).text == clean_text(text, max_chars)
