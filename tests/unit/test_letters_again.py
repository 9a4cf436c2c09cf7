"""A record that was refused and is written again says when it came first: its sender's clock is told by that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.adapters.mapping_files import decoder_for
from streams.domain import reasons
from streams.domain.dead_letters import DeadLetter
from streams.domain.limits import DAY_S
from streams.domain.platforms import Platform
from streams.domain.raw import FIRST_CAME, RawRecord
from streams.errors import InvalidEvent
from streams.service.normalise import Normaliser
from tests.support.letters import an_event, trials
from tests.support.serving import NOON_S, SECRET

SHOP = Platform("shop")
DAYS = 3 * DAY_S


def occurred_s(record: RawRecord) -> float:
    (said,) = Normaliser(SECRET, decoder_for({})).normalise([record], SHOP).events
    return said[1].occurred_at_s


def refused(record: RawRecord) -> DeadLetter:
    return DeadLetter.of(record, "normalise", InvalidEvent(reasons.UNKNOWN_TYPE, "type"))


def again(letter: DeadLetter, at_s: float) -> RawRecord:
    return RawRecord(letter.value, letter.headers_again, at_s, letter.topic, letter.partition, 99, letter.key)


@pytest.mark.requirement("A10", "H5")
def test_an_event_that_is_taken_days_later_happened_when_it_happened() -> None:
    event = an_event(time="2023-11-14T22:00:00Z", sentat="2023-11-14T22:10:00Z")
    came = RawRecord(event, topic="events.shop", timestamp_s=NOON_S, key=b"ann")
    once = again(refused(came), NOON_S + DAYS)
    assert occurred_s(came) == NOON_S - 600
    assert occurred_s(once) == occurred_s(came)
    assert occurred_s(again(refused(once), NOON_S + 2 * DAYS)) == occurred_s(came)


def test_what_was_late_by_its_own_time_is_late_in_a_trial_too() -> None:
    event = an_event(time="2023-09-01T22:00:00Z", sentat="2023-09-01T22:10:00Z")
    long_ago = refused(RawRecord(event, topic="events.shop", timestamp_s=NOON_S - 60 * DAY_S, key=b"ann"))
    (verdict,) = trials().of([long_ago])
    assert verdict.outcome == "late"


def test_a_letter_without_a_time_of_arrival_says_none() -> None:
    letter = refused(RawRecord(an_event(), (("a", b"1"),), topic="events.shop"))
    assert letter.headers_again == (("a", b"1"),)


@given(st.one_of(st.none(), st.binary(max_size=12), st.floats().map(lambda at_s: repr(at_s).encode())))
def test_whatever_the_header_says_nothing_came_after_it_came_or_never(said: bytes | None) -> None:
    record = RawRecord(b"", ((FIRST_CAME, said),), NOON_S)
    assert 0 < record.first_came_s <= NOON_S
    assert replace(record, headers=()).first_came_s == NOON_S
