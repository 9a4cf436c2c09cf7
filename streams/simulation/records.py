"""From CloudEvents to Kafka records, in the three forms that real senders mix: JSON, MessagePack, binary mode."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from streams.domain.topic_names import IDENTITY_PARTITION

CloudEvent = dict[str, Any]
Form = Literal["json", "msgpack", "binary"]

STRUCTURED_JSON: Final = b"application/cloudevents+json; charset=UTF-8"
STRUCTURED_MSGPACK: Final = b"application/cloudevents+msgpack"
JSON: Final = "application/json"
SCHEMA: Final = "urn:braid:event:1"
_CONTENT_TYPE: Final = "content-type"
#: Of twenty records, 14 in structured JSON, 3 in MessagePack, 3 in binary mode.
_FORMS: Final[tuple[Form, ...]] = ("json",) * 14 + ("msgpack",) * 3 + ("binary",) * 3


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """A record ready to be sent. topic_suffix: the topic without its prefix, `events.<platform>`, `items` or
    `identity`.

    value: None deletes the key from a compacted topic. partition: None leaves it to the key.
    """

    topic_suffix: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]
    partition: int | None = None


def rfc3339(at_s: float) -> str:
    """UTC seconds to RFC 3339 with milliseconds.

    >>> rfc3339(1.25)
    '1970-01-01T00:00:01.250Z'
    """
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_record(event: CloudEvent, form: Form | None = None) -> OutgoingRecord:
    """The record of an event about a person, keyed by its subject; without `form`, the event's id decides."""
    identifier, key = str(event["id"]), str(event["subject"]).encode()
    platform = str(event["type"]).partition(".")[0]
    chosen = form or _FORMS[zlib.crc32(identifier.encode()) % len(_FORMS)]
    value, headers = _encoded(event, chosen)
    return OutgoingRecord(f"events.{platform}", key, value, headers)


def item_record(event: CloudEvent) -> OutgoingRecord:
    """The record of an `item.upserted`, keyed by `<platform>:<item_id>`."""
    platform = str(event["type"]).partition(".")[0]
    value, headers = _encoded(event, "json")
    return OutgoingRecord("items", f"{platform}:{event['data']['item']['item_id']}".encode(), value, headers)


def identity_record(event: CloudEvent) -> OutgoingRecord:
    """The record of an `identity.linked` or `identity.unlinked`."""
    value, headers = _encoded(event, "json")
    return OutgoingRecord("identity", b"", value, headers, IDENTITY_PARTITION)


def _encoded(event: CloudEvent, form: Form) -> tuple[bytes, list[tuple[str, bytes]]]:
    if form == "json":
        return msgspec.json.encode(event), [(_CONTENT_TYPE, STRUCTURED_JSON)]
    if form == "msgpack":
        return msgspec.msgpack.encode(event), [(_CONTENT_TYPE, STRUCTURED_MSGPACK)]
    attributes = (name for name in event if name not in ("data", "datacontenttype"))
    headers = [(_CONTENT_TYPE, JSON.encode()), *((f"ce_{name}", str(event[name]).encode()) for name in attributes)]
    return msgspec.json.encode(event.get("data", {})), headers
