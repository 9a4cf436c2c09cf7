"""What the official CloudEvents SDK emits for HTTP is accepted, in both of its modes and generations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion as old
from cloudevents.v1.http import CloudEvent as OldCloudEvent

from streams.adapters.cloudevents import decode
from streams.domain.raw import RawRecord
from tests.support.cloud_events import a_cloud_event, a_record
from tests.support.ingest import SHOP_KEY, Asked

pytestmark = pytest.mark.requirement("A1")


def _attributes() -> dict[str, Any]:
    attributes = a_cloud_event(sessionid="s-1", subject="müller 1%", datacontenttype="application/json")
    attributes.pop("data")
    return attributes


def _new(mode: Any) -> tuple[dict[str, str], bytes]:
    attributes = _attributes() | {"time": datetime(2024, 5, 1, 11, 59, tzinfo=UTC)}
    message = mode(CloudEvent(attributes=attributes, data=a_cloud_event()["data"]), JSONFormat())
    return message.headers, message.body


def _old(mode: Any) -> tuple[dict[str, str], bytes]:
    headers, body = mode(OldCloudEvent(_attributes() | {"subject": "u-1"}, a_cloud_event()["data"]))
    return headers, body


@pytest.mark.parametrize(
    ("sent", "mode", "subject"),
    [
        (_new, http.to_structured, "müller 1%"),
        (_new, http.to_binary, "müller 1%"),
        (_old, old.to_structured, "u-1"),
        (_old, old.to_binary, "u-1"),
    ],
)
def test_the_sdk_is_understood(sent: Any, mode: Any, subject: str) -> None:
    asked = Asked()
    headers, body = sent(mode)
    answer = asked.request("POST", "/v1/events", headers | {"Authorization": f"Bearer {SHOP_KEY}"}, content=body)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1), answer.text
    (record,) = asked.log.records
    written = decode(RawRecord(record.value, record.headers))
    expected = decode(a_record(a_cloud_event(sessionid="s-1", subject=subject)))
    assert (written.id, written.type, written.subject, written.data) == (
        expected.id, expected.type, expected.subject, expected.data
    )  # fmt: skip
