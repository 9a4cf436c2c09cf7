"""A1: the cases of cloudevents/conformance (Apache-2.0, commit c5bcce2), restated for the reader of Braid.

`features/kafka-protocol-binding.feature` and `format/json/{valid,invalid}-events.json`; the names of the cases are theirs.
Where Braid takes what the format forbids, or refuses what it allows, a table here says why.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.adapters.cloudevents import decode, decode_document
from streams.domain.clocks import parse_time
from streams.domain.envelopes import Envelope
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent

pytestmark = pytest.mark.requirement("A1", "A7")

JSON = (("content-type", b"application/cloudevents+json"),)
MINIMAL = {"specversion": "1.0", "id": "minimal", "type": "io.cloudevents.test", "source": "https://cloudevents.io"}
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "1234-1234-1234",
    "type": "com.example.someevent",
    "source": "/mycontext/subcontext",
    "time": "2018-04-05T03:56:24Z",
    "datacontenttype": "application/json",
}
DATA = {"message": "Hello World!"}

VALID: dict[str, dict[str, Any]] = {
    "validMinimal": {},
    "validMinimalWithNullForOptional": {"datacontenttype": None, "dataschema": None, "subject": None, "time": None},
    "validAllCoreAttributes": {
        "datacontenttype": "text/plain", "dataschema": "https://cloudevents.io/dataschema", "subject": "tests",
        "time": "2018-04-05T17:31:00Z",
    },
    "validMinimalWithTimeUtc": {"time": "2018-04-05T17:31:00Z"},
    "validMinimalWithTimeToNanosecondsUtc": {"time": "2018-04-05T17:31:00.000000000Z"},
    "validMinimalWithTimeUsingPositiveOffset": {"time": "2018-04-05T18:31:00+01:00"},
    "validMinimalWithTimeUsingNegativeOffset": {"time": "2018-04-05T16:31:00-01:00"},
    "validRelativeSource": {"source": "#fragment"},
    "validAllExtensionTypes": {
        "extinteger": 10, "extboolean": True, "extstring": "text", "exturi": "https://cloudevents.io",
        "exturiref": "//authority/path", "exttimestamp": "2023-03-31T15:12:00Z", "extbinary": "TWE=",
    },
}  # fmt: skip
#: Allowed by the format, refused by Braid: its contract says that data is an object.
REFUSED_THOUGH_VALID = {"validSimpleTextData": {"datacontenttype": "text/plain", "data": "Simple text"}}

#: A change of ... takes the attribute out.
INVALID: dict[str, dict[str, Any]] = {
    "invalidNoSpecVersion": {"specversion": ...},
    "invalidNoId": {"id": ...},
    "invalidNoType": {"type": ...},
    "invalidNoSource": {"source": ...},
    "invalidTimeGarbage": {"time": "lunchtime"},
    "invalidTimeToMinute": {"time": "2018-04-05T18:31Z"},
    "invalidTimeOffsetX": {"time": "2018-04-05T18:31:00X"},
    "invalidTimeOffsetOutOfRange": {"time": "2018-04-05T18:31:00+25:00"},
    "invalidTimeOffsetNonInteger": {"time": "2018-04-05T18:31:00+xx:00"},
    "invalidTimeOffsetHourOnly": {"time": "2018-04-05T18:31:00+05"},
    "invalidEmptyId": {"id": ""},
    "invalidEmptyType": {"type": ""},
    "invalidEmptySource": {"source": ""},
    "invalidEmptySpecVersion": {"specversion": ""},
    "invalidUnknownSpecVersion": {"specversion": "0.9"},
    "invalidEmptySubject": {"subject": ""},
    "invalidNumericId": {"id": 25},
    "invalidObjectId": {"id": {"xyz": "abc"}},
    "invalidBothDataAndDataBase64": {"data": "text", "data_base64": "eyAieHl6IjogMTIzIH0="},
}
#: Forbidden by the format, taken by Braid: it does not use these attributes, and one that it does not use refuses nothing.
TAKEN_THOUGH_INVALID: dict[str, dict[str, Any]] = {
    "invalidNonRfc2046DataContentType": {"datacontenttype": "xyz"},
    "invalidEmptyDataContentType": {"datacontenttype": ""},
    "invalidEmptyDataSchema": {"dataschema": ""},
    "invalidCapitalizedExtension": {"MyExtension": "bad"},
    "invalidPunctuatedExtension": {"my.extension": "bad"},
    "invalidNonIntegerExtensionValue": {"my.extension": 1.5},
}


def read(changes: dict[str, Any]) -> Envelope:
    """As the gate does: the envelope, then its time. Raises InvalidEvent."""
    event = {name: value for name, value in (MINIMAL | changes).items() if value is not ...}
    envelope = decode(RawRecord(json.dumps(event).encode(), JSON))
    if envelope.time is not None:
        parse_time(envelope.time, "time")
    return envelope


def assert_is_the_event(record: RawRecord) -> None:
    envelope = decode(record)
    assert {name: getattr(envelope, name) for name in ATTRIBUTES} == ATTRIBUTES
    assert decode_document(record)["data"] == DATA


def test_binary_content_mode() -> None:
    headers = [(f"ce_{name}", value.encode()) for name, value in ATTRIBUTES.items() if name != "datacontenttype"]
    headers.append(("content-type", b"application/json"))
    assert_is_the_event(RawRecord(json.dumps(DATA).encode(), tuple(headers)))


@pytest.mark.parametrize("content_type", ["application/cloudevents+json", "application/cloudevents+json; charset=utf-8"])
def test_structured_content_mode(content_type: str) -> None:
    value = json.dumps(ATTRIBUTES | {"data": DATA}).encode()
    assert_is_the_event(RawRecord(value, (("content-type", content_type.encode()),)))


@pytest.mark.parametrize("case", VALID)
def test_a_valid_event_is_read_with_every_attribute(case: str) -> None:
    envelope, sent = read(VALID[case]), MINIMAL | VALID[case]
    assert all(getattr(envelope, name) == sent.get(name) for name in Envelope.__struct_fields__ if name in sent)


def test_times_in_any_offset_are_the_same_time() -> None:
    times = {case["time"] for name, case in VALID.items() if name.startswith("validMinimalWithTime")}
    assert {parse_time(time, "time") for time in times} == {1_522_949_460.0}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_event_is_refused(case: str) -> None:
    with pytest.raises(InvalidEvent):
        read(INVALID[case])


@pytest.mark.parametrize("case", TAKEN_THOUGH_INVALID)
def test_an_attribute_that_braid_does_not_use_refuses_nothing(case: str) -> None:
    assert read(TAKEN_THOUGH_INVALID[case]).id == "minimal"


@pytest.mark.parametrize("case", REFUSED_THOUGH_VALID)
def test_data_that_is_no_object_is_refused_and_a_mapping_file_may_read_it(case: str) -> None:
    with pytest.raises(InvalidEvent, match="wrong_type"):
        read(REFUSED_THOUGH_VALID[case])
    event = MINIMAL | REFUSED_THOUGH_VALID[case]
    assert decode_document(RawRecord(json.dumps(event).encode(), JSON)) == event
