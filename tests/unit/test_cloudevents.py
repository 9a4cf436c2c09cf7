"""The wire formats, one by one."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode, decode_document
from streams.domain.raw import RawRecord
from streams.domain.reasons import MEANING
from streams.errors import InvalidEvent
from tests.support.cloud_events import FORMS, Form, a_cloud_event, a_record, an_item

JSON = (("content-type", b"application/cloudevents+json"),)
MSGPACK = (("content-type", b"application/cloudevents+msgpack"),)


def reason_of(record: RawRecord, **options: Any) -> str:
    with pytest.raises(InvalidEvent) as refused:
        decode(record, **options)
    assert refused.value.reason in MEANING
    return refused.value.reason


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: Form) -> None:
    event = a_cloud_event(sentat="2024-05-01T12:00:00Z", sessionid="s-1", userid="x", anonymousid="a", unknown="y")
    envelope = decode(a_record(event, form))
    assert (envelope.id, envelope.source, envelope.type, envelope.time, envelope.subject) == (
        event["id"], event["source"], event["type"], event["time"], event["subject"],
    )  # fmt: skip
    assert (envelope.sentat, envelope.sessionid, envelope.userid, envelope.anonymousid) == (
        event["sentat"], "s-1", "x", "a",
    )  # fmt: skip
    assert envelope.data is not None
    assert envelope.data.item is not None
    assert envelope.data.item.item_id == "sku-1"
    assert envelope.data.item.tags == ["Running", "Trail"]


@pytest.mark.parametrize("content_type", [b"application/cloudevents+json; charset=utf-8", b"Application/CloudEvents+JSON", None])
def test_content_types_are_read_as_the_binding_says(content_type: bytes | None) -> None:
    value = b" \n" + json.dumps(a_cloud_event()).encode()
    assert decode(RawRecord(value, (("content-type", content_type),))).id == "e-1"


def test_without_a_content_type_the_first_byte_decides() -> None:
    assert decode(RawRecord(msgpack.packb(a_cloud_event()))).id == "e-1"
    assert decode(RawRecord(json.dumps(a_cloud_event()).encode())).id == "e-1"


def test_data_may_come_as_base64() -> None:
    event = a_cloud_event(data=None, datacontenttype="application/json")
    event["data_base64"] = base64.b64encode(json.dumps({"item": an_item()}).encode()).decode()
    envelope = decode(a_record(event))
    assert envelope.data is not None
    assert envelope.data.item is not None
    event["data_base64"] = "not base64!"
    assert reason_of(a_record(event)) == "bad_base64"


@pytest.mark.parametrize("form", ["binary", "binary_msgpack"])
def test_a_binary_event_may_have_no_data(form: Form) -> None:
    assert decode(a_record(a_cloud_event(data=None), form)).data is None


def test_consent_is_kept_as_it_came() -> None:
    envelope = decode(a_record(a_cloud_event(consent={"profiling": True})))
    assert json.loads(bytes(envelope.consent)) == {"profiling": True}
    assert bytes(decode(a_record(a_cloud_event(consent="profiling"), "binary")).consent) == b"profiling"


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (b"{not json", JSON, "bad_json"),
        (b"", JSON, "bad_json"),
        (json.dumps(a_cloud_event()).encode() + b" {}", JSON, "bad_json"),
        (b'{"id": NaN}', JSON, "bad_json"),
        (b'{"id": "\\ud800x"}', JSON, "bad_json"),
        (b'{"id": "\xff"}', JSON, "bad_encoding"),
        (b"[]", JSON, "wrong_type"),
        (b"null", JSON, "wrong_type"),
        (b"{}", JSON, "missing_field"),
        (b"\xc1", MSGPACK, "bad_msgpack"),
        (b"\xdf\xff\xff\xff\xff", MSGPACK, "bad_msgpack"),
        (b"\x81\xa2id\xa1\xff", MSGPACK, "bad_encoding"),
        (msgpack.packb(a_cloud_event()) + b"\x80", MSGPACK, "bad_msgpack"),
        (b"\x81\x01\x02", MSGPACK, "wrong_type"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON, "too_deep"),
        (b"\x81\xa1x" + b"\x91" * 100_000 + b"\x01", MSGPACK, "too_deep"),
        (None, JSON, "null_value"),
        (None, (), "null_value"),
        (b"[]", (("content-type", b"application/cloudevents-batch+json"),), "unsupported_content_type"),
        (b"<xml/>", (("content-type", b"application/xml"),), "unsupported_content_type"),
        (b"{}", (("ce_specversion", b"1.0"), ("ce_id", b"\xff")), "bad_encoding"),
        (b"{}", (("ce_specversion", b"1.0"), ("ce_id", None)), "missing_field"),
        (b"{}", (("ce_specversion", b"0.3"),), "unknown_version"),
    ],
)  # fmt: skip
def test_broken_bytes_have_their_reason(value: bytes | None, headers: Any, reason: str) -> None:
    assert reason_of(RawRecord(value, headers)) == reason


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", ["id", "source", "type"])
def test_a_required_attribute_must_be_there(field: str, form: Form) -> None:
    event = a_cloud_event()
    del event[field]
    assert reason_of(a_record(event, form)) == "missing_field"
    event[field] = ""
    assert reason_of(a_record(event, form)) == "out_of_range"


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"item": {"title": "no id"}}, "missing_field"),
        ({"item": {"item_id": ""}}, "out_of_range"),
        ({"item": {"item_id": "x" * 257}}, "out_of_range"),
        ({"item": {"item_id": 5}}, "wrong_type"),
        ({"item": "sku"}, "wrong_type"),
        ({"item": an_item(tags="red")}, "wrong_type"),
        ({"item": an_item(tags=["red", 5])}, "wrong_type"),
        ({"item": an_item(tags=["t"] * 300)}, "out_of_range"),
        ({"item": an_item(price=-1)}, "out_of_range"),
        ({"rating": 0}, "out_of_range"),
        ({"rating": 5.5}, "out_of_range"),
        ({"rating": "5"}, "wrong_type"),
        ({"quantity": 0}, "out_of_range"),
        ({"quantity": 1e308}, "out_of_range"),
        ({"quantity": 2**63}, "out_of_range"),
        ({"position_s": -0.5}, "out_of_range"),
        ({"dwell_s": True}, "wrong_type"),
        ({"completed": 1}, "wrong_type"),
        ({"text": ["a"]}, "wrong_type"),
        ({"value": 1e308}, "out_of_range"),
        ([], "wrong_type"),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_kind_has_its_reason(data: Any, reason: str, form: Form) -> None:
    assert reason_of(a_record(a_cloud_event(data=data), form)) == reason


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("number", ["1e400", "9" * 400, "9" * 5_000, "-1e999"])
def test_numbers_beyond_all_bounds_are_out_of_range(number: str) -> None:
    value = json.dumps(a_cloud_event(data={"dwell_s": 0.5})).replace("0.5", number).encode()
    assert reason_of(RawRecord(value, JSON)) == "out_of_range"


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("field", ["rating", "quantity", "value", "position_s", "duration_s", "dwell_s"])
def test_numbers_that_are_none_are_out_of_range(field: str, number: float) -> None:
    assert reason_of(a_record(a_cloud_event(data={field: number}), "msgpack")) == "out_of_range"


@pytest.mark.requirement("A7")
def test_a_version_other_than_1_0_is_refused() -> None:
    assert reason_of(a_record(a_cloud_event(specversion="0.3"))) == "unknown_version"
    assert reason_of(a_record(a_cloud_event(specversion=None))) == "missing_field"


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("form", FORMS)
def test_a_large_record_is_refused_before_it_is_read(form: Form) -> None:
    record = a_record(a_cloud_event(data={"text": "x" * 10_000_000}), form)
    assert reason_of(record) == "too_large"
    assert reason_of(RawRecord(b"\xff" * 101, JSON), max_bytes=100) == "too_large"


def test_large_headers_count_as_large() -> None:
    assert reason_of(a_record(a_cloud_event(subject="x" * 2_000), "binary"), max_bytes=1_000) == "too_large"


def test_null_is_the_same_as_absent() -> None:
    nothing = dict.fromkeys(["item", "text", "rating", "value", "quantity", "position_s", "completed", "query"])
    envelope = decode(a_record(a_cloud_event() | {"data": nothing, "sentat": None, "subject": None}))
    assert envelope.data is not None
    assert (envelope.data.item, envelope.data.rating, envelope.subject) == (None, None, None)


@pytest.mark.requirement("B5")
@given(st.text(min_size=8, max_size=40), st.sampled_from(["id", "subject", "type", "time"]))
def test_the_detail_never_quotes_the_payload(secret: str, field: str) -> None:
    event = a_cloud_event() | {field: secret}
    event["data"] = {"rating": secret, "item": {"item_id": 1, "tags": [secret], secret: secret}}
    with pytest.raises(InvalidEvent) as refused:
        decode(a_record(event))
    assert secret not in refused.value.detail


@pytest.mark.parametrize("form", FORMS)
def test_a_document_holds_every_field_whatever_its_name(form: Form) -> None:
    document = decode_document(a_record(a_cloud_event(odd="x", data={"deep": {"er": [1]}}), form))
    assert document["odd"] == "x"
    assert document["data"] == {"deep": {"er": [1]}}
