"""A15: what platforms say about their items."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode
from streams.domain.envelopes import ItemData
from streams.domain.events import Item
from streams.domain.item_intake import clean_item
from streams.domain.limits import IngestLimits
from streams.domain.raw import RawRecord
from streams.domain.rendering import render_item
from streams.errors import InvalidEvent
from streams.service.item_gate import ItemDeleted, ItemUpserted, decode_item
from tests.support.cloud_events import FORMS, NOON_S, Form, a_cloud_event, a_record

pytestmark = pytest.mark.requirement("A15")
LIMITS = IngestLimits()


def read(event: Any, form: Form = "json", key: bytes | None = b"shop:sku-1") -> ItemUpserted | ItemDeleted:
    return decode_item(a_record(event, form, topic="items", key=key), LIMITS, decode)


def reason_of(record: RawRecord) -> str:
    with pytest.raises(InvalidEvent) as refused:
        decode_item(record, LIMITS, decode)
    return refused.value.reason


@pytest.mark.parametrize("form", FORMS)
def test_an_item_arrives_in_every_form(form: Form) -> None:
    said = read(a_cloud_event("shop.item.upserted", subject=None), form)
    assert isinstance(said, ItemUpserted)
    assert (said.platform, said.item.item_id, said.updated_at_s) == ("shop", "sku-1", NOON_S - 60)
    assert said.item.tags == ("running", "trail")


def test_the_key_may_name_the_platform() -> None:
    said = read(a_cloud_event("item.upserted"))
    assert isinstance(said, ItemUpserted)
    assert said.platform == "shop"


def test_a_null_value_deletes_by_its_key() -> None:
    assert decode_item(RawRecord(None, key="news:a:ü".encode()), LIMITS, decode) == ItemDeleted("news", "a:ü")  # type: ignore[arg-type]


def test_a_deletion_may_be_an_event() -> None:
    assert read(a_cloud_event("shop.item.deleted", data={"item": {"item_id": "sku-1"}})) == ItemDeleted("shop", "sku-1")  # type: ignore[arg-type]


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("event", "key", "reason"),
    [
        (a_cloud_event("shop.item.upserted"), b"shop:other", "wrong_key"),
        (a_cloud_event("shop.item.upserted"), b"news:sku-1", "wrong_key"),
        (a_cloud_event("shop.item.upserted"), b"\xff", "wrong_key"),
        (a_cloud_event("shop.item.upserted"), b"shop:", "wrong_key"),
        (a_cloud_event("item.upserted"), None, "wrong_platform"),
        (a_cloud_event("SHOP.item.upserted"), b"shop:sku-1", "wrong_platform"),
        (a_cloud_event("shop.product.viewed"), b"shop:sku-1", "unknown_type"),
        (a_cloud_event("shop.item.upserted", data={}), b"shop:sku-1", "missing_field"),
        (a_cloud_event("shop.item.upserted", data={"item": {"title": "x"}}), b"shop:sku-1", "missing_field"),
        (a_cloud_event("shop.item.upserted", time=None), b"shop:sku-1", "missing_field"),
    ],
)
def test_a_bad_item_has_its_reason(event: dict[str, Any], key: bytes | None, reason: str) -> None:
    assert reason_of(a_record(event, key=key)) == reason


@pytest.mark.parametrize("key", [None, b"", b"shop", b"shop:", b"Shop:1", b"shop:\x00", b"shop:" + b"x" * 300])
def test_a_null_value_needs_a_key(key: bytes | None) -> None:
    assert reason_of(RawRecord(None, key=key)) == "wrong_key"


@pytest.mark.requirement("D10")
def test_an_item_is_rendered_telling_fields_first() -> None:
    item = Item(item_id="i", title="T", description="D", category="C", brand="B", color="red", tags=("a", "b"), author="A", genre=("g",))
    assert render_item(item).splitlines() == [
        "title: T", "category: C", "brand: B", "color: red", "tags: a, b", "author: A", "genre: g", "description: D",
    ]  # fmt: skip
    assert render_item(Item(item_id="i", price=3.0, currency="USD")) == ""


@given(st.text(), st.text(), st.lists(st.text(min_size=1)))
def test_equal_items_read_equal_and_silent_fields_leave_no_line(title: str, brand: str, tags: list[str]) -> None:
    item = Item(item_id="i", title=title, brand=brand, tags=tuple(tags))
    assert render_item(item) == render_item(Item(item_id="other", title=title, brand=brand, tags=tuple(tags)))
    assert render_item(item).startswith("title: ") is bool(title)


@pytest.mark.requirement("N9")
def test_names_and_tags_hold_no_personal_data() -> None:
    said = ItemData(
        item_id="i", category="call 13800138000", brand="ann@mail.example", author="ann@mail.example", color="red",
        tags=["tent", "tel 13800138000", "<b>ann</b>@mail.example"], genre=["ann@mail.example", "jazz"],
    )  # fmt: skip
    item = clean_item(said, LIMITS)
    assert (item.category, item.brand, item.author, item.color) == ("call [phone]", "[email]", "[email]", "red")
    assert (item.tags, item.genre) == (("tent",), ("jazz",))
