"""When an event happened, by three clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.clocks import format_time, parse_time, settle
from streams.domain.limits import DAY_S, IngestLimits
from streams.errors import InvalidEvent

pytestmark = pytest.mark.requirement("A10")
NOON_S = 1_714_564_800.0
LIMITS = IngestLimits(lateness_s=DAY_S, future_tolerance_s=300, max_future_s=3_600)


@pytest.mark.parametrize(
    ("text", "at_s"),
    [
        ("2024-05-01T12:00:00Z", NOON_S),
        ("2024-05-01t12:00:00z", NOON_S),
        ("2024-05-01 12:00:00.25+00:00", NOON_S + 0.25),
        ("2024-05-01T20:00:00+08:00", NOON_S),
        ("2024-05-01T12:00:00.123456789Z", NOON_S + 0.123456),
        ("2016-12-31T23:59:60Z", 1_483_228_800.0),
    ],
)
def test_rfc_3339_is_read_to_utc_seconds(text: str, at_s: float) -> None:
    assert parse_time(text, "time") == pytest.approx(at_s, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    ["2024-05-01T12:00:00", "2024-05-01", "20240501T120000Z", "2024-W18-3T12:00:00Z", "2024-02-30T12:00:00Z",
     "2024-05-01T25:00:00Z", "2024-05-01T12:00:61Z", "0000-01-01T00:00:00Z", "1714564800", "", "now", "٢٠٢٤-05-01T12:00:00Z",
     "2024-05-01T12:00:00+24:00", "2024-05-01T12:00:00Z\n", "2024-05-01T12:00:00." + "1" * 100 + "Z"],
)  # fmt: skip
def test_anything_else_is_a_bad_time(text: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        parse_time(text, "time")
    assert refused.value.reason == "bad_time"
    assert refused.value.detail.startswith("time: ")


@given(st.datetimes(datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("9998-01-01")), st.integers(-23, 23))
def test_every_written_time_reads_back(naive: datetime, hours: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert parse_time(at.isoformat(), "time") == at.timestamp()
    assert parse_time(format_time(at.timestamp(), "time"), "time") == pytest.approx(at.timestamp(), abs=1e-5)


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(NOON_S + seconds, UTC).isoformat()


def test_an_event_keeps_its_own_time_when_the_clocks_agree() -> None:
    moment = settle(_at(-60), None, NOON_S, LIMITS)
    assert (moment.occurred_at_s, moment.received_at_s, moment.is_late) == (NOON_S - 60, NOON_S, False)


def test_a_wrong_device_clock_is_corrected_by_the_time_of_sending() -> None:
    """The device is two days ahead; the event was 60 s old when it was sent."""
    moment = settle(_at(2 * DAY_S - 60), _at(2 * DAY_S), NOON_S, LIMITS)
    assert moment.occurred_at_s == pytest.approx(NOON_S - 60)
    assert moment.skew_s == pytest.approx(2 * DAY_S)


@given(st.floats(-1e8, 1e8), st.floats(0, 3_000))
def test_a_constant_clock_error_changes_nothing(error_s: float, age_s: float) -> None:
    moment = settle(_at(error_s - age_s), _at(error_s), NOON_S, LIMITS)
    assert moment.occurred_at_s == pytest.approx(NOON_S - age_s, abs=1e-3)


@pytest.mark.parametrize(("ahead_s", "is_clamped"), [(1, False), (300, False), (301, True), (3_600, True)])
def test_a_time_ahead_becomes_the_time_of_arrival(ahead_s: float, is_clamped: bool) -> None:
    moment = settle(_at(ahead_s), None, NOON_S, LIMITS)
    assert (moment.occurred_at_s, moment.is_clamped) == (NOON_S, is_clamped)


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("time", ["2024-05-01T13:00:01Z", "9999-12-31T23:59:59-12:00"])
def test_a_time_too_far_ahead_is_refused(time: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        settle(time, None, NOON_S, LIMITS)
    assert refused.value.reason == "time_in_future"


@pytest.mark.parametrize(("age_s", "is_late"), [(DAY_S, False), (DAY_S + 1, True)])
def test_lateness_is_judged_on_arrival(age_s: float, is_late: bool) -> None:
    assert settle(_at(-age_s), None, NOON_S, LIMITS).is_late is is_late


def test_no_bound_means_nothing_is_late() -> None:
    assert not settle("0001-01-01T00:00:00Z", None, NOON_S, IngestLimits(lateness_s=0)).is_late


def test_without_a_broker_clock_the_event_is_taken_at_its_word() -> None:
    moment = settle("9999-01-01T00:00:00Z", None, -1.0, LIMITS)
    assert moment.occurred_at_s == moment.received_at_s


@pytest.mark.parametrize("name", ["lateness_s", "future_tolerance_s", "max_future_s", "max_event_bytes", "max_text_chars"])
def test_a_bound_that_can_hold_nothing_is_a_fault(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        IngestLimits(**{name: -1})
