"""Where an event is: found among its platform's records, followed through the stages, a bounded part at a time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.event_reading import name_of
from streams.domain.dead_letters import DeadLetter
from streams.domain.events import event_id
from streams.domain.profiles import (
    Identity,
)
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent
from streams.service.event_search import SEARCH, Budget, EventName, Progress
from tests.support.cloud_events import FORMS, NOON_S, Form, a_cloud_event, a_record
from tests.support.platform_desks import World
from tests.support.topic_readings import applied_everything

TOPIC, SOURCE = "events.shop", "/platforms/shop-eu"
@pytest.fixture
def world() -> World:
    return World()


def user_of(world: World) -> str:
    return str(world.topics.records["user-events"][0].key, "ascii")


HASHED = event_id(SOURCE, "e-1").hex()


def test_an_accepted_event_is_followed_to_the_revision_that_it_made(world: World) -> None:
    world.send()
    world.pass_gate()
    user = user_of(world)
    world.publish(user, 1, [HASHED])
    world.publish(user, 2, ["0" * 16])
    found = world.one()
    assert found.fate == "accepted"
    assert found.event_hash == HASHED
    assert found.written is not None
    assert (found.written.topic, found.written.offset) == ("user-events", 0)
    assert found.applied is not None
    assert (found.applied.profile_id, found.applied.revision, found.applied.by_trigger) == (user, 1, True)


def test_a_revision_that_lists_too_few_triggers_is_found_by_what_it_shows(world: World) -> None:
    world.send()
    world.pass_gate()
    user = user_of(world)
    world.publish(user, 4, ["0" * 16], recent=[HASHED])
    world.publish(user, 5, ["1" * 16], recent=[HASHED])
    applied = world.one().applied
    assert applied is not None
    assert (applied.revision, applied.by_trigger) == (4, False)


def test_an_applied_event_that_no_revision_names_is_not_said_to_have_made_one(world: World) -> None:
    world.send()
    world.pass_gate()
    world.publish(user_of(world), 1, ["0" * 16])
    applied = world.one().applied
    assert applied is not None
    assert applied.revision is None


def test_who_was_merged_since_is_named_by_who_they_are_now(world: World) -> None:
    world.send()
    world.pass_gate()
    user = user_of(world)
    merged = world.publish(user, 1, [HASHED])
    world.profiles[user] = msgspec.structs.replace(merged, identity=Identity([], merged_into="other"))
    applied = world.one().applied
    assert applied is not None
    assert applied.profile_id == "other"


def test_an_event_that_waits_says_for_which_stage_and_how_long(world: World) -> None:
    for number in range(4):
        world.send(id=f"e-{number}")
    world.topics.stands["normalise", TOPIC, 0] = 1
    waits = world.one("e-3").waits
    assert waits is not None
    assert (waits.stage, waits.n_before, waits.age_s) == ("normalise", 2, 10.0)
    world.pass_gate()
    waits = world.one("e-3").waits
    assert waits is not None
    assert (waits.stage, waits.n_before) == ("profile", 3)


def test_the_same_source_and_id_again_is_a_duplicate_of_the_first(world: World) -> None:
    world.send(at_s=NOON_S - 20, partition=1)
    world.send(at_s=NOON_S - 10, partition=0)
    world.send(at_s=NOON_S - 5, source="/elsewhere")
    world.pass_gate()
    first, again, other = world.find().traced
    assert (first.fate, again.fate, other.fate) == ("accepted", "duplicate", "accepted")
    assert again.repeats == first.received
    assert [each.source for each in world.find(source="/elsewhere").traced] == ["/elsewhere"]


def test_an_event_that_was_mended_and_sent_again_is_no_duplicate(world: World) -> None:
    world.send(at_s=NOON_S - 20, time="yesterday")
    world.send(at_s=NOON_S - 10)
    world.pass_gate()
    assert [each.fate for each in world.find().traced] == ["rejected", "accepted"]


@pytest.mark.parametrize(
    ("changes", "fate"),
    [
        ({"time": "2020-01-01T00:00:00Z"}, "late"),
        ({"type": "shop.record.ignored"}, "noise"),
        ({"consent": "denied"}, "refused"),
    ],
)
def test_what_is_counted_and_dropped_ends_there(world: World, changes: dict[str, Any], fate: str) -> None:
    world.send(**changes)
    world.pass_gate()
    found = world.one()
    assert (found.fate, found.written, found.applied, found.waits) == (fate, None, None, None)


def test_a_rejected_event_leads_to_its_dead_letter_and_what_to_do(world: World) -> None:
    world.send(id="e-0")
    world.send(data={"item": {"item_id": "i"}, "rating": 9})
    refusal, waits = world.one().refusal, world.one().waits
    assert refusal is not None
    assert refusal.letter is None
    assert waits is not None
    assert waits.n_before == 1
    world.pass_gate()
    refusal = world.one().refusal
    assert refusal is not None
    assert (refusal.reason, refusal.field) == ("out_of_range", "data.rating")
    assert refusal.letter is not None
    assert refusal.letter.topic == "dead-letters"
    assert refusal.remedy


def test_a_broken_record_is_found_by_the_id_that_stands_in_it(world: World) -> None:
    world.send(b'{"id": "e-broken", ')
    assert world.one("e-broken").fate == "rejected"
    assert world.find("roke").traced != []
    assert world.find("e-b").traced == []  # too short to mean anything


def test_a_letter_of_former_settings_wins_over_what_the_gate_says_now(world: World) -> None:
    record = world.send()
    letter = DeadLetter.of(record, "normalise", InvalidEvent("unknown_type", "type: no such action"))
    world.topics.put("dead-letters", letter.encode(), key=letter.place, at_s=NOON_S)
    applied_everything(world.topics, {"normalise": TOPIC})
    found = world.one()
    assert found.fate == "rejected"
    assert found.refusal is not None
    assert found.refusal.reason == "unknown_type"


def test_nothing_is_found_of_an_id_that_was_not_sent(world: World) -> None:
    world.send()
    found = world.find("e-2")
    assert (found.is_done, found.rests, found.received, found.traced) == (True, True, [], [])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=40), st.integers(1, 7))
def test_a_search_in_parts_finds_what_a_search_in_one_go_finds(sent: list[tuple[int, int]], part: int) -> None:
    world = World()
    for number, (partition, identifier) in enumerate(sent):
        world.send(id=f"e-{identifier}", partition=partition, at_s=NOON_S - 90 + number)
    whole = world.find()
    progress, n_parts = Progress(), 0
    while True:
        found = world.find(progress=progress, budget=Budget(part, 10.0), is_last=False)
        progress, n_parts = found.progress, n_parts + 1
        assert n_parts <= len(sent) + 2
        if found.rests:
            break
        assert found.traced == []
        assert found.n_left > 0
    assert sorted(progress.found) == sorted(whole.progress.found)
    assert [each.fate for each in found.traced] == [each.fate for each in whole.traced]
    assert progress.n_records == whole.progress.n_records


def test_a_search_rests_when_its_time_is_over_and_says_how_far_it_looked(world: World) -> None:
    for number in range(30):
        world.send(id=f"e-{number}", at_s=NOON_S - 90 + number)
    world.clock.step_s = 4.0
    found = world.find("e-29")
    assert (found.is_done, found.rests, found.traced) == (False, True, [])
    assert NOON_S - 100 <= found.until_s < NOON_S - 60
    assert found.n_left == 30 - found.progress.n_records
    assert SEARCH.seconds == 10.0


@pytest.mark.parametrize("places", [[(7, 0)], [(0, 99)], [(0, -1)]])
def test_places_that_are_not_there_are_passed_over(world: World, places: list[tuple[int, int]]) -> None:
    world.send(id="e-0")
    found = world.find(progress=Progress({7: 5, 0: 99}, places, 3))
    assert found.is_done
    assert found.received == []


@pytest.mark.parametrize("form", FORMS)
def test_an_event_has_its_name_in_every_form(form: Form) -> None:
    assert name_of(a_record(a_cloud_event(), form)) == EventName(SOURCE, "e-1")


def test_a_name_is_read_whatever_else_is_wrong() -> None:
    assert name_of(RawRecord(b'{"id": 7, "source": "/s", "data": [], "time": 5}')) == EventName("/s", "7")
    for nameless in (b"", b"[]", b"{", b'{"id": "e"}', b'{"id": ["e"], "source": "/s"}', b"\xff"):
        assert name_of(RawRecord(nameless)) is None
