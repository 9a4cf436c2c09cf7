"""What the official CloudEvents SDK emits for Kafka is read as the hand-written event."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import kafka as old_kafka
from cloudevents.v1.http import CloudEvent as OldCloudEvent

from streams.adapters.cloudevents import decode
from streams.domain.envelopes import Envelope
from streams.domain.raw import RawRecord
from tests.support.cloud_events import a_cloud_event, a_record

pytestmark = pytest.mark.requirement("A1")


def _sent(data: Any) -> CloudEvent:
    attributes = a_cloud_event(sessionid="s-1", datacontenttype="application/json")
    attributes.pop("data")
    attributes["time"] = datetime(2024, 5, 1, 11, 59, tzinfo=UTC)
    return CloudEvent(attributes=attributes, data=data)


def _record(message: Any) -> RawRecord:
    return RawRecord(value=message.value, headers=tuple(message.headers.items()))


@pytest.fixture
def expected() -> Envelope:
    return decode(a_record(a_cloud_event(sessionid="s-1", datacontenttype="application/json")))


@pytest.mark.parametrize("mode", [kafka.to_structured, kafka.to_binary])
def test_both_modes_of_the_sdk_are_read(mode: Any, expected: Envelope) -> None:
    envelope = decode(_record(mode(_sent(a_cloud_event()["data"]), JSONFormat())))
    assert envelope == expected


def test_data_that_the_sdk_holds_as_bytes_is_read(expected: Envelope) -> None:
    data = json.dumps(a_cloud_event()["data"]).encode()
    assert decode(_record(kafka.to_structured(_sent(data), JSONFormat()))) == expected


@pytest.mark.parametrize("mode", [old_kafka.to_structured, old_kafka.to_binary])
def test_the_first_generation_of_the_sdk_is_read(mode: Any, expected: Envelope) -> None:
    attributes = a_cloud_event(sessionid="s-1", datacontenttype="application/json")
    data = attributes.pop("data")
    envelope = decode(_record(mode(OldCloudEvent(attributes, data))))
    # Its structured mode moves datacontenttype to the content-type header.
    assert msgspec.structs.replace(envelope, datacontenttype="application/json") == expected
