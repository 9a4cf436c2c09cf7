"""What ingest itself reads of an event: its id and whose it is. Leniently: the gate is strict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec

from streams.adapters.cloudevents import PREFIX, decode_document, is_binary_mode
from streams.adapters.mappings import Mapping as PlatformMapping
from streams.domain.hints import ANONYMOUS
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent

#: An id is given back so that a sender finds its event; a longer one is cut.
MAX_ID_CHARS: Final = 256
_NAMES: Final = ("id", "subject", "anonymousid")


class Head(NamedTuple):
    """id: "" where it cannot be told. key: of the record, the person's own id on the platform; None for nobody."""

    id: str = ""
    key: bytes | None = None


class _Said(msgspec.Struct):
    """Of any type; the other fields are skipped."""

    id: Any = None
    subject: Any = None
    anonymousid: Any = None


_decode: Final = msgspec.json.Decoder(_Said).decode

HeadOf = Callable[[RawRecord], Head]


def heads_for(mappings: Mapping[Platform, PlatformMapping], max_bytes: int) -> Callable[[Platform], HeadOf]:
    """How the heads of each platform's records are read, a few µs each. Raises nothing."""

    def of(platform: Platform) -> HeadOf:
        mapping = mappings.get(platform)
        return head_of if mapping is None else lambda record: _mapped_head(mapping, record, max_bytes)

    return of


def head_of(record: RawRecord) -> Head:
    """Of a CloudEvent, structured as JSON or binary.

    >>> head_of(RawRecord(b'{"id": "e-1", "subject": "u-1", "data": {"rating": "five"}}'))
    Head(id='e-1', key=b'u-1')
    """
    if is_binary_mode(record.headers):
        said = {name: value for name, value in record.headers if value is not None}
        return _head({name: said.get(f"{PREFIX}{name}", b"").decode("utf-8", "replace") or None for name in _NAMES})
    with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
        return _head(msgspec.structs.asdict(_decode(record.value or b"")))
    return Head()


def _mapped_head(mapping: PlatformMapping, record: RawRecord, max_bytes: int) -> Head:
    with suppress(InvalidEvent):
        return _head(mapping.texts(decode_document(record, max_bytes), _NAMES))
    return Head()


def _head(said: Mapping[str, Any]) -> Head:
    name, subject, visitor = (_text(said.get(each)) for each in _NAMES)
    whose = subject or (ANONYMOUS + visitor if visitor else "")
    return Head(name[:MAX_ID_CHARS], whose.encode("utf-8", "surrogatepass") or None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
