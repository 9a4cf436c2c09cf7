"""CloudEvents 1.0 over Kafka: structured JSON, structured MessagePack, binary mode; nothing but InvalidEvent gets out.

Follows the Kafka protocol binding 1.0.2 (content type first, then `ce_` headers). A record without a content type is
taken as a structured event and told apart by its first byte. Sizes are checked before a byte is decoded; types and
ranges while decoding; `detail` names fields and types, never values.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from streams.domain import reasons
from streams.domain.envelopes import SPEC_VERSION, Data, Envelope
from streams.domain.raw import Headers, RawRecord
from streams.errors import InvalidEvent

T = TypeVar("T")

DEFAULT_MAX_BYTES: Final = 1_000_000
CONTENT_TYPE: Final = "content-type"
PREFIX: Final = "ce_"
_SPACE: Final = b" \t\r\n"
_JSON_TYPE = re.compile(r"(application|text)/([a-z0-9.-]+\+)?json", re.ASCII)
_MSGPACK_TYPE = re.compile(r"application/([a-z0-9.-]+\+)?(x-)?msgpack", re.ASCII)

_json_envelope: Final = msgspec.json.Decoder(Envelope)
_msgpack_envelope: Final = msgspec.msgpack.Decoder(Envelope)
_json_data: Final[msgspec.json.Decoder[Data | None]] = msgspec.json.Decoder(Data | None)
_msgpack_data: Final[msgspec.msgpack.Decoder[Data | None]] = msgspec.msgpack.Decoder(Data | None)
_json_any: Final = msgspec.json.Decoder(dict[str, Any])
_msgpack_any: Final = msgspec.msgpack.Decoder(dict[str, Any])
_json_value: Final = msgspec.json.Decoder(Any)
_msgpack_value: Final = msgspec.msgpack.Decoder(Any)


def decode(record: RawRecord, max_bytes: int = DEFAULT_MAX_BYTES) -> Envelope:
    """The envelope of a record in any of the three forms, about 4 µs. Raises InvalidEvent.

    >>> decode(RawRecord(b'{"specversion":"1.0","id":"1","source":"/shop","type":"shop.product.viewed"}')).type
    'shop.product.viewed'
    """
    content_type, is_binary = _form(record.headers)
    if is_binary:
        return _binary(record, content_type, max_bytes)
    value = _present(record, max_bytes)
    if _is_json(content_type, value):
        envelope = guarded(_json_envelope.decode, value, reasons.BAD_JSON)
    else:
        envelope = guarded(_msgpack_envelope.decode, value, reasons.BAD_MSGPACK)
    if envelope.specversion != SPEC_VERSION:
        raise _wrong_version()
    return envelope if envelope.data_base64 is None or envelope.data is not None else _unpacked(envelope)


def decode_document(record: RawRecord, max_bytes: int = DEFAULT_MAX_BYTES) -> dict[str, Any]:
    """A record as a plain document, whatever its fields: what mapping files read. Raises InvalidEvent.

    In binary mode the attributes are the document's fields and the value stands under `data`.
    """
    content_type, is_binary = _form(record.headers)
    if not is_binary:
        value = _present(record, max_bytes)
        if _is_json(content_type, value):
            return guarded(_json_any.decode, value, reasons.BAD_JSON)
        return guarded(_msgpack_any.decode, value, reasons.BAD_MSGPACK)
    document: dict[str, Any] = dict(_attributes(record.headers, max_bytes))
    if record.value:
        value = _present(record, max_bytes)
        if _is_json(content_type, value):
            document["data"] = guarded(_json_value.decode, value, reasons.BAD_JSON)
        else:
            document["data"] = guarded(_msgpack_value.decode, value, reasons.BAD_MSGPACK)
    return document


def is_binary_mode(headers: Headers) -> bool:
    """Whether the attributes of an event are in the headers and its value is `data` alone."""
    return _form(headers)[1]


def guarded(decoder: Callable[[Any], T], source: Any, malformed: str) -> T:
    """Run a msgspec decoder; whatever it objects to becomes an InvalidEvent without a value in it."""
    try:
        return decoder(source)
    except msgspec.ValidationError as error:
        raise _refused(str(error)) from None
    except msgspec.DecodeError:
        raise InvalidEvent(malformed, "not one well-formed document") from None
    except UnicodeError:
        raise InvalidEvent(reasons.BAD_ENCODING, "a text or a name is not UTF-8") from None
    except RecursionError:
        raise InvalidEvent(reasons.TOO_DEEP, "nested too deeply") from None


def _refused(message: str) -> InvalidEvent:
    """The decoder says what it expected, what type it got and where: field names and types, never values."""
    if ", got `" in message:
        return InvalidEvent(reasons.WRONG_TYPE, message)
    if "missing required field" in message:
        return InvalidEvent(reasons.MISSING_FIELD, message)
    return InvalidEvent(reasons.OUT_OF_RANGE, message)


def _wrong_version() -> InvalidEvent:
    return InvalidEvent(reasons.UNKNOWN_VERSION, f"specversion: Braid reads CloudEvents {SPEC_VERSION}")


def _present(record: RawRecord, max_bytes: int) -> bytes:
    value = record.value
    if value is None:
        raise InvalidEvent(reasons.NULL_VALUE, "the record has no value")
    if len(value) > max_bytes:
        raise InvalidEvent(reasons.TOO_LARGE, f"{len(value)} bytes, at most {max_bytes}")
    return value


def _form(headers: Headers) -> tuple[str, bool]:
    """(content type without parameters, "" when absent; whether the attributes are in the headers)."""
    content_type, is_binary = "", False
    for name, value in headers:
        if name == "ce_specversion":
            is_binary = True
        elif value and (name == CONTENT_TYPE or name.lower() == CONTENT_TYPE):
            content_type = value.decode("latin-1").partition(";")[0].strip().lower()
    return content_type, is_binary and not content_type.startswith("application/cloudevents")


def _is_json(content_type: str, value: bytes) -> bool:
    """True for JSON, False for MessagePack. Raises InvalidEvent for any other content type."""
    if not content_type:
        first = value.lstrip(_SPACE)[:1] if value[:1] in (b" ", b"\n", b"\r", b"\t") else value[:1]
        return not first or first[0] < 0x80
    if content_type.startswith("application/cloudevents-batch"):
        raise InvalidEvent(reasons.UNSUPPORTED_CONTENT_TYPE, "content-type: batches; send one event per record")
    if _JSON_TYPE.fullmatch(content_type):
        return True
    if _MSGPACK_TYPE.fullmatch(content_type):
        return False
    raise InvalidEvent(reasons.UNSUPPORTED_CONTENT_TYPE, "content-type: use application/cloudevents+json or +msgpack")


def _attributes(headers: Headers, max_bytes: int) -> dict[str, str]:
    """The `ce_` headers by attribute name, as text."""
    attributes: dict[str, str] = {}
    n_bytes = 0
    for name, value in headers:
        if name[:3] == PREFIX and value is not None:
            n_bytes += len(value)
            try:
                attributes[name[3:]] = value.decode()
            except UnicodeDecodeError:
                raise InvalidEvent(reasons.BAD_ENCODING, "a ce_ header is not UTF-8") from None
    if n_bytes > max_bytes:
        raise InvalidEvent(reasons.TOO_LARGE, f"{n_bytes} bytes of headers, at most {max_bytes}")
    return attributes


def _binary(record: RawRecord, content_type: str, max_bytes: int) -> Envelope:
    fields: dict[str, Any] = dict(_attributes(record.headers, max_bytes))
    if fields.get("specversion") != SPEC_VERSION:
        raise _wrong_version()
    # Data travels in the value; headers that pretend otherwise are extensions, and unknown extensions are ignored.
    fields.pop("data", None)
    fields.pop("data_base64", None)
    if "consent" in fields:
        fields["consent"] = msgspec.Raw(fields["consent"].encode())
    if content_type:
        fields["datacontenttype"] = content_type
    if record.value:
        fields["data"] = _data(_present(record, max_bytes), content_type)
    return guarded(_to_envelope, fields, reasons.BAD_JSON)


def _data(value: bytes, content_type: str) -> Data | None:
    if _is_json(content_type, value):
        return guarded(_json_data.decode, value, reasons.BAD_JSON)
    return guarded(_msgpack_data.decode, value, reasons.BAD_MSGPACK)


def _unpacked(envelope: Envelope) -> Envelope:
    """`data_base64`: what producers make of data that they hold as bytes."""
    try:
        value = base64.b64decode(envelope.data_base64 or "", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidEvent(reasons.BAD_BASE64, "data_base64: not base64") from None
    content_type = (envelope.datacontenttype or "").partition(";")[0].strip().lower()
    return msgspec.structs.replace(envelope, data=_data(value, content_type), data_base64=None)


def _to_envelope(fields: dict[str, Any]) -> Envelope:
    return msgspec.convert(fields, Envelope)
