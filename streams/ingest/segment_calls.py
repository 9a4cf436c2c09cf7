"""Segment's calls as one message each: what its own endpoint fills in from the route and the batch is filled in here.

The values that came stay byte for byte: the mapping file of the platform reads them. Only a key stays out of the log.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

from streams.adapters.cloudevents import CONTENT_TYPE
from streams.domain.clocks import format_time
from streams.ingest.bodies import (
    JSON,
    Records,
    bounded,
    media_type_of,
    unreadable,
    unsupported,
    with_halves,
    written_anew,
)
from streams.serve.problems import Problem

#: The calls of Segment's specification, each a route; which of them make a profile the mapping file says.
CALLS: Final = ("track", "identify", "page", "screen", "group", "alias")
_ID_BYTES: Final = 16
_A_BATCH: Final = "a JSON object with a list `batch`"
_HEADERS: Final = ((CONTENT_TYPE, JSON.encode()),)
#: Every message of a batch gets a copy of what is common to them.
MAX_COMMON_BYTES: Final = 8 * 1024
_ABSENT: Final = msgspec.Raw()
#: Some of Segment's libraries send it beside the header. Who reads the topic must not be able to write to it.
_KEY_FIELD: Final = "writeKey"

_Message = dict[str, msgspec.Raw]


class _Batch(msgspec.Struct):
    """Of `POST /v1/batch`; its other fields are about the request."""

    batch: list[msgspec.Raw]
    context: msgspec.Raw = _ABSENT
    sentAt: msgspec.Raw = _ABSENT  # noqa: N815 - Segment's word


_message: Final = msgspec.json.Decoder(_Message)
_batch: Final = msgspec.json.Decoder(_Batch)
_encode: Final = msgspec.json.Encoder().encode


def message_of(body: bytes, content_type: str, call: str, now_s: float) -> Records:
    """The one message of `POST /v1/<call>`. Raises Problem 400 and 415. now_s: when it came, UTC seconds."""
    _require_json_type(content_type)
    try:
        message = _message.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise unreadable("one JSON object") from None
    # The route decides: Segment's endpoint does not look at `type` there either.
    message["type"] = _raw(call)
    return [(_completed(message, body, now_s), _HEADERS)]


def messages_of(body: bytes, content_type: str, max_events: int, now_s: float) -> Records:
    """The messages of `POST /v1/batch`. Raises Problem 400, 413 and 415. now_s: when it came, UTC seconds."""
    _require_json_type(content_type)
    try:
        said = _batch.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        said = _batch_with_halves(body)
    common = {name: value for name, value in (("context", said.context), ("sentAt", said.sentAt)) if bytes(value)}
    if sum(len(bytes(value)) for value in common.values()) > MAX_COMMON_BYTES:
        raise Problem(
            413, "context_too_large", f"context and sentAt of a batch have more than {MAX_COMMON_BYTES} bytes",
            "put what is long into the message that it is about",
        )  # fmt: skip
    return [(_in_batch(bytes(each), common, now_s), _HEADERS) for each in bounded(said.batch, max_events)]


def _batch_with_halves(body: bytes) -> _Batch:
    said = with_halves(body, _A_BATCH)
    if not isinstance(said, dict):
        raise unreadable(_A_BATCH)
    common = {name: written_anew([said[name]], _A_BATCH)[0] for name in ("context", "sentAt") if name in said}
    return _Batch(written_anew(said.get("batch"), _A_BATCH), **common)


def _in_batch(value: bytes, common: _Message, now_s: float) -> bytes:
    try:
        message = _message.decode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return value  # the gate says what is wrong with it
    return _completed(common | message, value, now_s)


def _completed(message: _Message, value: bytes, now_s: float) -> bytes:
    """Without the key, and with the id and the time that Segment's endpoint gives a message that has none.

    The id is a hash of the message as it was sent, so that one that is sent again is the same message.
    """
    message.pop(_KEY_FIELD, None)
    if "messageId" not in message:
        message["messageId"] = _raw(blake2b(value, digest_size=_ID_BYTES, person=b"braid-segment").hexdigest())
    if not message.keys() & {"timestamp", "originalTimestamp"}:
        message["timestamp"] = _raw(format_time(now_s, "timestamp"))
    return _encode(message)


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(_encode(text))


def _require_json_type(content_type: str) -> None:
    if media_type_of(content_type) != JSON:
        raise unsupported("this content type is not read", f"send {JSON}")
