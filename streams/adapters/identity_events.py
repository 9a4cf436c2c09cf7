"""Records of the `identity` topic: CloudEvents in any form, with the identity log's own `data`."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec

from streams.adapters.cloudevents import DEFAULT_MAX_BYTES, decode_document, guarded
from streams.domain import reasons
from streams.domain.envelopes import SPEC_VERSION
from streams.domain.identity_envelopes import IdentityEnvelope
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent

_json_value: Final = msgspec.json.Decoder(Any)
_msgpack_value: Final = msgspec.msgpack.Decoder(Any)


def decode_identity(record: RawRecord, max_bytes: int = DEFAULT_MAX_BYTES) -> IdentityEnvelope:
    """The envelope of a link or unlink, about 6 µs. Raises InvalidEvent.

    >>> decode_identity(RawRecord(b'{"specversion":"1.0","id":"1","source":"/idp","type":"identity.linked"}')).type
    'identity.linked'
    """
    envelope = guarded(_to_envelope, identity_document(record, max_bytes), reasons.WRONG_TYPE)
    if envelope.specversion != SPEC_VERSION:
        raise InvalidEvent(reasons.UNKNOWN_VERSION, f"specversion: Braid reads CloudEvents {SPEC_VERSION}")
    return envelope


def identity_document(record: RawRecord, max_bytes: int = DEFAULT_MAX_BYTES) -> dict[str, Any]:
    """The same record as a plain document, `data` unpacked, no field believed. Raises InvalidEvent."""
    document = decode_document(record, max_bytes)
    if document.get("data") is None and document.get("data_base64") is not None:
        document["data"] = _unpacked(document)
    return document


def _unpacked(document: dict[str, Any]) -> Any:
    try:
        value = base64.b64decode(document["data_base64"], validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise InvalidEvent(reasons.BAD_BASE64, "data_base64: not base64") from None
    if "msgpack" in str(document.get("datacontenttype")):
        return guarded(_msgpack_value.decode, value, reasons.BAD_MSGPACK)
    return guarded(_json_value.decode, value, reasons.BAD_JSON)


def _to_envelope(document: dict[str, Any]) -> IdentityEnvelope:
    return msgspec.convert(document, IdentityEnvelope)
