"""Nothing that a platform sends stops the gate: an event, a count or a dead letter, never another exception."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode
from streams.adapters.mapping_files import action_table, decoder_for, load_mappings
from streams.domain.limits import IngestLimits
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.domain.reasons import MEANING
from streams.errors import InvalidEvent
from streams.service.item_gate import ItemDeleted, decode_item
from streams.service.normalise import Normaliser
from tests.support.cloud_events import FORMS, NOON_S, a_cloud_event, a_record, an_item

pytestmark = pytest.mark.requirement("A7")
SHOP, HEALTH = Platform("shop"), Platform("health")
SECRET = b"0123456789abcdef"
MAPPINGS = load_mappings("docs/mappings")
GATE = Normaliser(SECRET, decoder_for(MAPPINGS), action_table(MAPPINGS))

content_types = st.sampled_from(
    [None, b"application/cloudevents+json", b"application/cloudevents+msgpack", b"application/json", b"\xff", b"",
     b"application/msgpack"]
) | st.binary(max_size=20)  # fmt: skip
odd = st.sampled_from(
    [None, True, 0, -1, 2**63, -(2**63), 1e308, float("nan"), float("-inf"), "", "\x00", "x" * 5_000, "\ud800", [], {},
     [[]], "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2016-12-31T23:59:60Z", "1", "shop.", "shop..", "ﷺ" * 500,
     {"item_id": None}, b"\xff", "shop.record.ignored"]
)  # fmt: skip
documents: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=20) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
PATHS = [
    *((name,) for name in a_cloud_event(sentat="", sessionid="", userid="", anonymousid="", dataschema="", consent="",
                                        data_base64="", datacontenttype="")),
    *(("data", name) for name in ("item", "text", "rating", "value", "quantity", "position_s", "duration_s", "completed",
                                  "dwell_s", "query", "reverses_id", "traits")),
    *(("data", "item", name) for name in (*an_item(), "description", "color", "author", "genre", "duration_s", "language")),
]  # fmt: skip


def check(record: RawRecord, platform: Platform = SHOP) -> None:
    batch = GATE.normalise([record], platform)
    assert len(batch.events) + len(batch.dead) + batch.n_late + batch.n_ignored + batch.n_refused == 1
    for letter in batch.dead:
        assert letter.reason in MEANING
        assert letter.encode()
    for _, event in batch.events:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=type(event)) == event
        assert -1 <= event.strength <= 1
    assert item_outcome(record) in {"upserted", "deleted", *MEANING}


def item_outcome(record: RawRecord) -> str:
    try:
        said = decode_item(record, IngestLimits(), decode)
    except InvalidEvent as error:
        return error.reason
    return "deleted" if isinstance(said, ItemDeleted) else "upserted"


def encoded(document: Any, form: str) -> bytes:
    if form == "json":
        return json.dumps(document, default=repr).encode()
    return msgpack.packb(document, unicode_errors="surrogatepass")


@given(st.binary(max_size=200) | st.none(), content_types, st.binary(max_size=12) | st.none())
def test_any_bytes_are_survived(value: bytes | None, content_type: bytes | None, key: bytes | None) -> None:
    check(RawRecord(value, (("content-type", content_type),), NOON_S, key=key))


@given(documents, st.sampled_from(["json", "msgpack"]), content_types)
def test_any_document_is_survived(document: Any, form: str, content_type: bytes | None) -> None:
    check(RawRecord(encoded(document, form), (("content-type", content_type),), NOON_S))


@given(st.dictionaries(st.text(max_size=12).map("ce_{}".format) | st.sampled_from(["ce_id", "ce_type", "ce_time"]),
                       st.binary(max_size=20) | st.none(), max_size=5), st.binary(max_size=50))  # fmt: skip
def test_any_headers_are_survived(headers: dict[str, bytes | None], value: bytes) -> None:
    valid = {"ce_specversion": b"1.0", "ce_id": b"1", "ce_source": b"s", "ce_type": b"shop.account.followed"}
    check(RawRecord(value, tuple((valid | headers).items()), NOON_S))


@example([(("consent",), {"profile": False})], "json", "shop.product.viewed")
@example([(("consent",), '{"profile": false}')], "binary", "shop.product.viewed")
@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(PATHS), odd | documents), min_size=1, max_size=3), st.sampled_from(FORMS),
       st.sampled_from(["shop.product.viewed", "shop.review.posted", "shop.item.upserted", "shop.order.refunded"]))  # fmt: skip
def test_any_change_of_a_valid_event_is_survived(changes: list[tuple[tuple[str, ...], Any]], form: Any, kind: str) -> None:
    event = a_cloud_event(kind)
    for path, value in changes:
        place: Any = event
        for step in path[:-1]:
            place = place.get(step) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[path[-1]] = deepcopy(value)  # one dict drawn twice would hold itself, and the next example's too
    if form == "json":
        check(RawRecord(encoded(event, "json"), (("content-type", b"application/cloudevents+json"),), NOON_S))
    elif form == "msgpack":
        check(RawRecord(encoded(event, "msgpack"), (("content-type", b"application/cloudevents+msgpack"),), NOON_S))
    else:
        attributes = tuple(
            (f"ce_{name}", str(value).encode("utf-8", "surrogatepass")) for name, value in event.items() if name != "data"
        )
        body = "json" if form == "binary" else "msgpack"
        headers = (*attributes, ("content-type", f"application/{body}".encode()))
        check(RawRecord(encoded(event.get("data"), body), headers, NOON_S))


@given(st.data(), st.integers(0, 600))
def test_a_valid_event_cut_or_bent_is_survived(data: st.DataObject, position: int) -> None:
    value = bytearray(a_record(a_cloud_event(), data.draw(st.sampled_from(["json", "msgpack"]))).value or b"")
    value[position % len(value)] = data.draw(st.integers(0, 255))
    check(RawRecord(bytes(value), (), NOON_S))
    check(RawRecord(bytes(value[: position % len(value)]), (), NOON_S))


HEALTH_FIELDS = ["eventId", "kind", "at", "uploadedAt", "member", "visit", "note", "mark", "minutesDone", "plan", "state"]


@given(st.dictionaries(st.sampled_from(HEALTH_FIELDS), odd | documents, max_size=2), st.sampled_from(["json", "msgpack"]))
def test_a_mapped_platform_is_survived(changes: dict[str, Any], form: str) -> None:
    valid = {"eventId": 1, "kind": "EXERCISE_DONE", "at": NOON_S * 1e3, "member": {"id": 7}, "plan": {"code": "p"}}
    check(RawRecord(encoded(valid | changes, form), (), NOON_S), HEALTH)
