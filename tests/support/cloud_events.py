"""Events and records as platforms send them."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgpack

from streams.domain.raw import RawRecord

#: 2024-05-01T12:00:00Z, the broker's clock in tests.
NOON_S = 1_714_564_800.0
Form = Literal["json", "msgpack", "binary", "binary_msgpack"]
FORMS: tuple[Form, ...] = ("json", "msgpack", "binary", "binary_msgpack")


def an_item(**changes: Any) -> dict[str, Any]:
    item = {
        "item_id": "sku-1",
        "title": "Trail shoe",
        "category": "Shoes",
        "brand": "Acme",
        "tags": ["Running", "Trail"],
        "price": 10.0,
        "currency": "USD",
    }
    return _without_none(item | changes)


def a_cloud_event(type: str = "shop.product.viewed", **changes: Any) -> dict[str, Any]:  # noqa: A002 - the contract's word
    """A valid event; a change of None takes the field out."""
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/platforms/shop-eu",
        "type": type,
        "time": "2024-05-01T11:59:00Z",
        "subject": "u-1",
        "data": {"item": an_item(), "text": "Great grip", "query": "trail shoe"},
    }
    return _without_none(event | changes)


def a_record(event: Any, form: Form = "json", **changes: Any) -> RawRecord:
    """The event on the wire, received at noon."""
    value, headers = _on_the_wire(event, form)
    fields = {"timestamp_s": NOON_S, "topic": "events.shop", "partition": 2, "offset": 7, "key": b"k"}
    return RawRecord(value=value, headers=headers, **(fields | changes))


def _on_the_wire(event: Any, form: Form) -> tuple[bytes | None, tuple[tuple[str, bytes | None], ...]]:
    if form == "json":
        return json.dumps(event).encode(), (("content-type", b"application/cloudevents+json"),)
    if form == "msgpack":
        return msgpack.packb(event), (("content-type", b"application/cloudevents+msgpack"),)
    attributes = tuple((f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data")
    data = event.get("data")
    if form == "binary":
        value = None if data is None else json.dumps(data).encode()
        return value, (*attributes, ("content-type", b"application/json"))
    value = None if data is None else msgpack.packb(data)
    return value, (*attributes, ("content-type", b"application/msgpack"))


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
