"""Records that no stage may ever apply: one maker a kind, and the reason the gate should give for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from streams.domain import reasons
from streams.simulation.records import CloudEvent, OutgoingRecord, to_record

_MARK: Final = "@not-a-number@"
_CUT: Final = 25

Break = Callable[[CloudEvent], OutgoingRecord]


@dataclass(frozen=True, slots=True)
class Fault:
    """reason: the word of `streams.domain.reasons` for this kind. make: a broken copy of a valid event."""

    reason: str
    make: Break


def _with_attributes(**attributes: Any) -> Break:
    """Other attributes in a sound document; None removes one."""

    def make(event: CloudEvent) -> OutgoingRecord:
        document = {name: value for name, value in (event | attributes).items() if value is not None}
        return replace(to_record(event, "json"), value=msgspec.json.encode(document))

    return make


def _with_data(**fields: Any) -> Break:
    """Other fields of `data` in a sound document."""

    def make(event: CloudEvent) -> OutgoingRecord:
        return _with_attributes(data=event["data"] | fields)(event)

    return make


def _with_value(change: Callable[[bytes], bytes | None]) -> Break:
    """Other bytes under the header that promises JSON."""

    def make(event: CloudEvent) -> OutgoingRecord:
        record = to_record(event, "json")
        return replace(record, value=change(record.value or b""))

    return make


def _not_a_number(event: CloudEvent) -> OutgoingRecord:
    """JSON has no NaN; some writers write it all the same."""
    record = _with_data(rating=_MARK)(event)
    return replace(record, value=(record.value or b"").replace(f'"{_MARK}"'.encode(), b"NaN"))


def _unknown_type(event: CloudEvent) -> OutgoingRecord:
    platform = event["type"].partition(".")[0]
    return _with_attributes(type=f"{platform}.teapot.boiled")(event)


def _broken_msgpack(event: CloudEvent) -> OutgoingRecord:
    record = to_record(event, "msgpack")
    return replace(record, value=(record.value or b"")[:-_CUT])


FAULTS: Final[Mapping[str, Fault]] = {
    "broken_json": Fault(reasons.BAD_JSON, _with_value(lambda value: value[:-_CUT])),
    "missing_subject": Fault(reasons.MISSING_FIELD, _with_attributes(subject=None)),
    "wrong_type": Fault(reasons.WRONG_TYPE, _with_data(rating="five stars")),
    "nan": Fault(reasons.BAD_JSON, _not_a_number),
    "year_9999": Fault(reasons.TIME_IN_FUTURE, _with_attributes(time="9999-12-31T23:59:59Z")),
    "unknown_type": Fault(reasons.UNKNOWN_TYPE, _unknown_type),
    "null_value": Fault(reasons.NULL_VALUE, _with_value(lambda _: None)),
    "json_null": Fault(reasons.WRONG_TYPE, _with_value(lambda _: b"null")),
    "empty": Fault(reasons.BAD_JSON, _with_value(lambda _: b"")),
    "not_utf8": Fault(reasons.BAD_JSON, _with_value(lambda value: b"\xff\xfe" + value)),
    "missing_time": Fault(reasons.MISSING_FIELD, _with_attributes(time=None)),
    "bad_time": Fault(reasons.BAD_TIME, _with_attributes(time="yesterday evening")),
    "numeric_id": Fault(reasons.WRONG_TYPE, _with_attributes(id=42)),
    "out_of_range": Fault(reasons.OUT_OF_RANGE, _with_data(rating=11)),
    "wrong_platform": Fault(reasons.WRONG_PLATFORM, _with_attributes(type="elsewhere.product.viewed")),
    "old_version": Fault(reasons.UNKNOWN_VERSION, _with_attributes(specversion="0.3")),
    "broken_msgpack": Fault(reasons.BAD_MSGPACK, _broken_msgpack),
}
"""Every kind of fault, in the order in which a small stream meets them."""
