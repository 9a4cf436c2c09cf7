"""Events read leniently, for people who look for one or try one out; what counts is decided by the strict decoders."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from contextlib import suppress
from typing import Any, Final

import msgspec

from streams.adapters.cloudevents import DEFAULT_MAX_BYTES, PREFIX, decode_document, is_binary_mode
from streams.adapters.mappings import Mapping
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent
from streams.service.event_search import EventName
from streams.service.field_verdicts import Document
from streams.service.judge_records import TypeFor


class _Lean(msgspec.Struct):
    """Of any type; the other fields are skipped."""

    id: Any = None
    source: Any = None
    type: Any = None


_DECODERS: Final = (msgspec.json.Decoder(_Lean).decode, msgspec.msgpack.Decoder(_Lean).decode)


def names_for(
    mappings: MappingOf[Platform, Mapping], max_bytes: int = DEFAULT_MAX_BYTES
) -> Callable[[Platform], Callable[[RawRecord], EventName | None]]:
    """How the id and source of each platform's records are read, a few µs each; None = not to be told."""

    def of(platform: Platform) -> Callable[[RawRecord], EventName | None]:
        mapping = mappings.get(platform)
        return name_of if mapping is None else lambda record: _mapped_name(mapping, record, max_bytes)

    return of


def types_for(mappings: MappingOf[Platform, Mapping], max_bytes: int = DEFAULT_MAX_BYTES) -> TypeFor:
    """How the type of a record is read whose other fields are wrong; "" = not to be told."""

    def of(platform: Platform) -> Callable[[RawRecord], str]:
        mapping = mappings.get(platform)
        return _type_of if mapping is None else lambda record: _mapped_type(mapping, record, max_bytes)

    return of


def name_of(record: RawRecord) -> EventName | None:
    """Of a CloudEvent in any form, whatever else is wrong with it; a number for an id is taken as its digits.

    >>> name_of(RawRecord(b'{"id": "e-1", "source": "/shop", "data": {"rating": "five"}}'))
    EventName(source='/shop', id='e-1')
    """
    said = _said(record)
    return _name(said.source, said.id)


def documents_for(
    mappings: MappingOf[Platform, Mapping], max_bytes: int = DEFAULT_MAX_BYTES
) -> Callable[[Platform, RawRecord], Document]:
    """Records field by field, in the contract's shape. The function raises InvalidEvent for what is no document."""

    def read(platform: Platform, record: RawRecord) -> Document:
        document = decode_document(record, max_bytes)
        mapping = mappings.get(platform)
        if mapping is None:
            return Document(document, {})
        return Document(*mapping.fields_of(document), is_mapped=True)

    return read


def _said(record: RawRecord) -> _Lean:
    if is_binary_mode(record.headers):
        headers = {name: value for name, value in record.headers if value is not None}
        with suppress(UnicodeDecodeError):
            return _Lean(*(headers.get(f"{PREFIX}{name}", b"").decode() for name in _Lean.__struct_fields__))
        return _Lean()
    for decode in _DECODERS:
        with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            return decode(record.value or b"")
    return _Lean()


def _type_of(record: RawRecord) -> str:
    said = _said(record).type
    return said if isinstance(said, str) else ""


def _mapped_type(mapping: Mapping, record: RawRecord, max_bytes: int) -> str:
    with suppress(InvalidEvent):
        return str(mapping.fields_of(decode_document(record, max_bytes))[0].get("type", ""))
    return ""


def _mapped_name(mapping: Mapping, record: RawRecord, max_bytes: int) -> EventName | None:
    with suppress(InvalidEvent):
        said = mapping.texts(decode_document(record, max_bytes), EventName._fields)
        return _name(said.get("source"), said.get("id"))
    return None


def _name(source: Any, identifier: Any) -> EventName | None:
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if isinstance(source, str) and isinstance(identifier, str) and source and identifier:
        return EventName(source, identifier)
    return None
