"""What a refused record still says about whom it names; whatever it is, nothing is raised.

Only for records that were refused. A document whose other fields are wrong, too many or too large is read for the few
fields that matter; in broken JSON they are looked for as text. Broken MessagePack says nothing, nor does what a mapping
file finds in no document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingOf
from contextlib import suppress
from typing import Any, Final

import msgspec

from streams.adapters.cloudevents import DEFAULT_MAX_BYTES, PREFIX, decode_document, is_binary_mode
from streams.adapters.identity_events import identity_document
from streams.adapters.mappings import Mapping
from streams.domain.hints import ANONYMOUS
from streams.domain.letter_owners import Named, NamedAccounts
from streams.domain.platforms import Platform
from streams.domain.raw import Headers, RawRecord
from streams.errors import InvalidEvent

#: Of one record: beside its bytes a letter must hold them all.
MAX_ACCOUNTS: Final = 1_024
_PATTERNS: Final = {
    name: re.compile(rb'"%s"\s*+:\s*+("(?:[^"\\]|\\.){0,4096}+"|\d{1,20}+(?![\d.eE]))' % name.encode(), re.DOTALL)
    for name in Named._fields
}


class _Lean(msgspec.Struct):
    """The fields that matter, of any type; the others are skipped."""

    subject: Any = None
    anonymousid: Any = None
    time: Any = None


_DECODERS: Final = (msgspec.json.Decoder(_Lean).decode, msgspec.msgpack.Decoder(_Lean).decode)
_json_value: Final = msgspec.json.Decoder(Any).decode


def salvage_for(
    mappings: MappingOf[Platform, Mapping], max_bytes: int = DEFAULT_MAX_BYTES
) -> Callable[[Platform], Callable[[RawRecord], Named]]:
    """How the records of each platform are read. max_bytes: of a document in a platform's own dialect."""

    def of(platform: Platform) -> Callable[[RawRecord], Named]:
        mapping = mappings.get(platform)
        return salvage if mapping is None else lambda record: _mapped(mapping, record, max_bytes)

    return of


def salvage(record: RawRecord) -> Named:
    """Who and when, of a CloudEvent in any form; a number for an id is taken as its digits.

    >>> salvage(RawRecord(b'{"subject": 7, "time": "2024-05-01T12:00:00Z", "data": 1'))
    Named(subject='7', anonymousid=None, time='2024-05-01T12:00:00Z')
    """
    said = {} if is_binary_mode(record.headers) or not record.value else _of_document(record.value)
    said |= _of_headers(record.headers)
    return Named(**{name: text for name, value in said.items() if (text := _text(value)) is not None})


def salvage_identity(record: RawRecord, max_bytes: int = DEFAULT_MAX_BYTES) -> NamedAccounts:
    """The accounts that a link or unlink names, at most MAX_ACCOUNTS."""
    try:
        document = identity_document(record, max_bytes)
    except InvalidEvent:
        return NamedAccounts()
    data = document.get("data")
    if not isinstance(data, dict):
        return NamedAccounts()
    entries, nodes = _listed(data.get("accounts")), _listed(data.get("nodes"))
    platform = (_text(document.get("type")) or "").partition(".")[0]
    accounts = [pair for entry in entries for pair in _accounts(entry, platform)]
    return NamedAccounts(tuple(accounts), tuple(node for node in nodes if isinstance(node, str)))


def _of_document(value: bytes) -> dict[str, Any]:
    for decode in _DECODERS:
        with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            return msgspec.structs.asdict(decode(value))
    return dict(_of_text(value))


def _of_text(value: bytes) -> Iterator[tuple[str, Any]]:
    for name, pattern in _PATTERNS.items():
        found = pattern.search(value)
        if found is not None:
            with suppress(msgspec.MsgspecError, UnicodeError):
                yield name, _json_value(found[1])


def _of_headers(headers: Headers) -> dict[str, Any]:
    said = {}
    for name, value in headers:
        if name[:3] == PREFIX and name[3:] in Named._fields and value is not None:
            with suppress(UnicodeDecodeError):
                said[name[3:]] = value.decode()
    return said


def _mapped(mapping: Mapping, record: RawRecord, max_bytes: int) -> Named:
    try:
        return mapping.named(decode_document(record, max_bytes))
    except InvalidEvent:
        return Named()


def _accounts(entry: Any, platform: str) -> Iterator[tuple[str, str]]:
    if not isinstance(entry, dict):
        return
    of = _text(entry.get("platform")) or platform
    account, visitor = _text(entry.get("account")), _text(entry.get("anonymousid"))
    if account is not None:
        yield of, account
    if visitor is not None:
        yield of, f"{ANONYMOUS}{visitor}"


def _listed(value: Any) -> list[Any]:
    return value[:MAX_ACCOUNTS] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
