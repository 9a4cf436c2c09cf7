"""What a platform's developer does about a refusal, for every reason that the gate of events gives."""

from __future__ import annotations

from typing import Final

from streams.domain import reasons

REMEDY: Final[dict[str, str]] = {
    reasons.BAD_JSON: "send one JSON document a record, whole and without anything behind it",
    reasons.BAD_MSGPACK: "send one MessagePack document a record, or name the content type that it really has",
    reasons.BAD_ENCODING: "encode texts and headers as UTF-8",
    reasons.BAD_TIME: "write times as RFC 3339 with an offset, like 2024-05-01T12:00:00Z",
    reasons.BAD_BASE64: "put base64 into data_base64, or the object itself into data",
    reasons.UNSUPPORTED_CONTENT_TYPE: "use application/cloudevents+json or +msgpack, one event a record",
    reasons.NULL_VALUE: "send a value; a null deletes nothing here",
    reasons.TOO_LARGE: "send less, or ask the operator about BRAID_INGEST__MAX_EVENT_BYTES",
    reasons.TOO_DEEP: "flatten the document",
    reasons.MISSING_FIELD: "send the field; docs/platforms.md shows a whole event",
    reasons.WRONG_TYPE: 'send the type of the contract: types are not guessed, "5" is no number',
    reasons.OUT_OF_RANGE: "send a value inside the range that the detail names",
    reasons.TIME_IN_FUTURE: "set the sender's clock, or send sentat so that its error can be taken out",
    reasons.UNKNOWN_TYPE: "use a type of docs/events.md, or declare the action in a mapping file",
    reasons.UNKNOWN_VERSION: "send CloudEvents 1.0, and urn:braid:event:1 where dataschema names Braid's schema",
    reasons.WRONG_PLATFORM: "begin type with the platform, or publish to the topic of that platform",
    reasons.MAPPING_FAILED: "change the mapping file of the platform, or the event, so that they fit",
}


def remedy_of(reason: str) -> str:
    """What to do; for reasons of other gates, where they are explained."""
    return REMEDY.get(reason, "docs/platforms.md explains the reason")
