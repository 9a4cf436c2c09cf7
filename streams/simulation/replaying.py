"""Files of CloudEvents, one JSON object a line, to records: what a platform's export needs to become a stream again."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import msgspec

from streams.domain.clocks import parse_time
from streams.domain.events import item_key
from streams.domain.platforms import parse_platform
from streams.domain.topic_names import IDENTITY_PARTITION
from streams.errors import InvalidEvent
from streams.simulation.records import STRUCTURED_JSON, CloudEvent, OutgoingRecord, rfc3339

IDENTITY_TYPES: Final = ("identity.linked", "identity.unlinked")
_TIMES: Final = ("time", "sentat")
_ITEM: Final = "item."
_DELETED: Final = "item.deleted"
_BROKEN_OFF: Final = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that nobody can be asked to take. number: 1-based. why: for people, without the line's content."""

    file: Path
    number: int
    why: str


def read_records(files: Sequence[Path], shift_s: float = 0.0) -> Iterator[OutgoingRecord | Rejected]:
    """One record or refusal a line, blank lines left out; `.gz` files are unpacked. Raises OSError.

    shift_s is added to every time. Only what cannot be routed is refused: whether an event is valid is the gate's to
    say, so that a bad one becomes a dead letter. A file that breaks off, as a half copied `.gz` does, is refused from
    there on.
    """
    for file in files:
        number = 0
        with _opened(file) as lines:
            try:
                for number, line in enumerate(lines, start=1):
                    if stripped := line.strip():
                        yield _record_or_refusal(file, number, stripped, shift_s)
            except _BROKEN_OFF as error:
                yield Rejected(file, number + 1, f"the file breaks off here: {error}")


def newest_time_s(files: Sequence[Path], not_after_s: float) -> float | None:
    """The latest event time in the files, UTC seconds; None when no line has one.

    Items do not count, being older than what happens to them; nor do times after not_after_s, since one event of the
    year 9999 would send all others into the past.
    """
    newest_s: float | None = None
    for file in files:
        with _opened(file) as lines, suppress(*_BROKEN_OFF):
            for line in lines:
                time_s = _time_of(line)
                if time_s is not None and time_s <= not_after_s and (newest_s is None or time_s > newest_s):
                    newest_s = time_s
    return newest_s


def _opened(file: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def _parsed(line: bytes) -> CloudEvent:
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a line's fault, not a caller's
    return document


def _record_or_refusal(file: Path, number: int, line: bytes, shift_s: float) -> OutgoingRecord | Rejected:
    try:
        return _record(line, shift_s)
    except ValueError as error:
        return Rejected(file, number, str(error))


def _record(line: bytes, shift_s: float) -> OutgoingRecord:
    event = _parsed(line)
    kind = event.get("type")
    if not isinstance(kind, str):
        raise ValueError("no `type`")  # noqa: TRY004 - a line's fault, not a caller's
    value = line if not shift_s else msgspec.json.encode(_shifted(event, shift_s))
    headers = [("content-type", STRUCTURED_JSON)]
    if kind in IDENTITY_TYPES:
        return OutgoingRecord("identity", b"", value, headers, IDENTITY_PARTITION)
    platform, dot, action = kind.partition(".")
    if not dot:
        raise ValueError("`type` is not <platform>.<object>.<action>")
    _check_platform(platform)
    if action in IDENTITY_TYPES:
        return OutgoingRecord("identity", b"", value, headers, IDENTITY_PARTITION)
    if action.startswith(_ITEM):
        key = item_key(platform, _item_id(event))
        return OutgoingRecord("items", key.encode(), None if action == _DELETED else value, headers)
    who = event.get("subject") or event.get("anonymousid") or event.get("id")
    return OutgoingRecord(f"events.{platform}", str(who).encode(), value, headers)


def _check_platform(name: str) -> None:
    if f"{name}." == _ITEM:
        raise ValueError("an item's `type` begins with its platform, like shop.item.upserted")
    try:
        parse_platform(name)
    except ValueError:
        raise ValueError("`type` does not begin with the name of a platform (a-z 0-9 _ -)") from None


def _item_id(event: CloudEvent) -> str:
    data = event.get("data")
    item: Any = data.get("item") if isinstance(data, dict) else None
    item_id = item.get("item_id") if isinstance(item, dict) else None
    if not isinstance(item_id, str) or not item_id:
        raise ValueError("an item without `data.item.item_id`, which is its key")
    return item_id


def _time_of(line: bytes) -> float | None:
    try:
        event = _parsed(line)
        is_item = str(event.get("type")).partition(".")[2].startswith(_ITEM)
        return None if is_item else parse_time(str(event.get("time")), "time")
    except (ValueError, InvalidEvent):
        return None


def _shifted(event: CloudEvent, shift_s: float) -> CloudEvent:
    """Times that are no times stay: the gate names what is wrong with them."""
    moved = {}
    for name in _TIMES:
        try:
            moved[name] = rfc3339(parse_time(str(event.get(name)), name) + shift_s)
        except (InvalidEvent, ValueError, OverflowError):
            continue
    return event | moved
