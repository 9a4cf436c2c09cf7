"""Three clocks of one event: when it happened, when the device sent it, when the broker got it.

A device's clock may be wrong by years, but it is wrong by the same amount for both of its stamps; the correction is
Segment's and Snowplow's: occurred = received - (sent - happened). Future times are set to the broker's clock.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from streams.domain import reasons
from streams.domain.limits import IngestLimits
from streams.errors import InvalidEvent

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:(\d\d)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_LEAP_SECOND = "60"
MAX_TIME_CHARS = 64


class Moment(NamedTuple):
    """The event time that everybody after the gate uses, and how it came about.

    skew_s: how far the sender's clock is ahead of the broker's; 0 without `sentat`.
    is_late: older than the bound. is_clamped: was further ahead than ordinary jitter.
    """

    occurred_at_s: float
    received_at_s: float
    skew_s: float = 0.0
    is_late: bool = False
    is_clamped: bool = False


def parse_time(text: str, field: str) -> float:
    """RFC 3339 with an offset to UTC seconds; a leap second counts as the second after it.

    Raises InvalidEvent bad_time: naive times, impossible dates and everything else ISO 8601 allows.

    >>> parse_time("1970-01-01T01:00:00.5+01:00", "time")
    0.5
    """
    match = _RFC3339.fullmatch(text) if len(text) <= MAX_TIME_CHARS else None
    if match is None:
        raise InvalidEvent(reasons.BAD_TIME, f"{field}: use RFC 3339 with an offset, like 2024-05-01T12:00:00Z")
    leap_s = 0.0
    if match[1] == _LEAP_SECOND:
        start = match.start(1)
        text, leap_s = f"{text[:start]}59{text[start + 2 :]}", 1.0
    try:
        return datetime.fromisoformat(text.upper()).timestamp() + leap_s
    except ValueError:
        raise InvalidEvent(reasons.BAD_TIME, f"{field}: no such date or time of day") from None


def format_time(at_s: float, field: str) -> str:
    """UTC seconds to RFC 3339. Raises InvalidEvent bad_time outside the years 1 to 9999.

    >>> format_time(0.5, "time")
    '1970-01-01T00:00:00.500000+00:00'
    """
    try:
        return datetime.fromtimestamp(at_s, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise InvalidEvent(reasons.BAD_TIME, f"{field}: outside the years 1 to 9999; check the unit") from None


def settle(
    time: str | None, sent_at: str | None, received_at_s: float, limits: IngestLimits, first_came_s: float | None = None
) -> Moment:
    """When the event happened. Raises InvalidEvent missing_field, bad_time, time_in_future.

    received_at_s: the broker's clock; 0 or less when unknown: then the event's own time stands for it. first_came_s: by
    the same clock, of a record that was refused and is written again: `sentat` was right then, and not today.
    """
    if time is None:
        raise InvalidEvent(reasons.MISSING_FIELD, "time")
    occurred_s = parse_time(time, "time")
    sent_s = None if sent_at is None else parse_time(sent_at, "sentat")
    if received_at_s <= 0:
        return Moment(occurred_s, occurred_s)
    skew_s = 0.0
    if sent_s is not None:
        skew_s = sent_s - (received_at_s if first_came_s is None else first_came_s)
        occurred_s -= skew_s
    ahead_s = occurred_s - received_at_s
    if ahead_s > limits.max_future_s:
        raise InvalidEvent(reasons.TIME_IN_FUTURE, f"time: more than {limits.max_future_s:g} s after its arrival")
    if ahead_s > 0:
        return Moment(received_at_s, received_at_s, skew_s, is_clamped=ahead_s > limits.future_tolerance_s)
    is_late = bool(limits.lateness_s) and -ahead_s > limits.lateness_s
    return Moment(occurred_s, received_at_s, skew_s, is_late)
