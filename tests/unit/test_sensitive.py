"""N15: what must not be learnt about anybody is never made a tag, a label or a published value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.interests import label_of
from streams.domain.sensitive import DEFAULT_TERMS, REMEMBERED, SensitiveTags
from streams.settings import Settings
from streams.wiring import sensitive_of
from tests.support.entries import an_entry
from tests.support.whole import Whole

pytestmark = pytest.mark.requirement("N15")
DEFAULT = SensitiveTags(DEFAULT_TERMS)


@pytest.mark.parametrize(
    "tag",
    ["category:diabetes", "category:Health > Diabetes", "topic:living-with-hiv", "topic:糖尿病食谱", "category:佛教 用品",
     "topic:left wing", "topic:LEFT_WING news", "brand:trade union press", "topic:lgbtq+", "topic:少数民族"],
)  # fmt: skip
def test_a_tag_that_names_something_sensitive_is_not_made(tag: str) -> None:
    assert DEFAULT.without((tag, "category:shoes")) == ("category:shoes",)
    assert DEFAULT.without((tag, "category:shoes")) == ("category:shoes",)


@pytest.mark.parametrize(
    "tag", ["topic:gayle", "topic:hearing aidstation", "category:left", "topic:苹果", "brand:romano"]
)
def test_a_word_inside_another_word_is_another_word(tag: str) -> None:
    assert DEFAULT.without((tag,)) == (tag,)


@given(st.lists(st.text(max_size=20).map("topic:{}".format)).map(tuple))
def test_nothing_else_is_lost_and_order_stays(tags: tuple[str, ...]) -> None:
    kept = DEFAULT.without(tags)
    assert kept == tuple(tag for tag in tags if not DEFAULT.says(tag.removeprefix("topic:")))
    assert DEFAULT.without(kept) == kept


def test_what_is_remembered_is_bounded() -> None:
    tags = SensitiveTags(["x"])
    for number in range(REMEMBERED + 10):
        tags.without((f"topic:{number}",))
    assert len(tags._known) <= REMEMBERED + 1


def test_every_default_term_is_seen_in_itself() -> None:
    assert [term for term in DEFAULT_TERMS if not DEFAULT.says(term.upper())] == []


@pytest.mark.parametrize("action", ["cart.added", "product.viewed"])
def test_no_published_profile_says_it(action: str) -> None:
    whole = Whole(sensitive=DEFAULT)
    item = {"item_id": "i1", "title": "cookbook", "category": "Diabetes", "tags": ["baking", "糖尿病"]}
    whole.say("shop", "ann", action, data={"item": item})
    whole.run()
    person = whole.person("shop", "ann")
    assert [tag.tag for tag in person.tags] == ["baking"]
    assert person.events_applied == 1
    assert b"diabetes" not in whole.held().lower()


def test_no_interest_is_called_after_it() -> None:
    item = an_entry(title="Sugar-free cooking", category="Diabetes")
    assert label_of([(item, 1.0)]) == "diabetes"
    assert label_of([(item, 1.0)], DEFAULT) == ""
    assert label_of([(item, 2.0), (an_entry(category="Cooking"), 1.0)], DEFAULT) == "cooking"
    assert label_of([(an_entry(title="Quran stand"), 2.0), (an_entry(title="Book stand"), 1.0)], DEFAULT) == "Book stand"


def test_the_list_is_a_setting_and_empty_means_none() -> None:
    assert sensitive_of(Settings(profile={"sensitive_tags": []})) is None
    tags = sensitive_of(Settings(profile={"sensitive_tags": ["gambling"]}))
    assert tags is not None
    assert tags.without(("topic:gambling", "topic:diabetes")) == ("topic:diabetes",)
