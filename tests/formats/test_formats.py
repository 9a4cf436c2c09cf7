"""What an earlier release stored, this one reads: same people, same profiles, and nothing of a newer one is touched."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from streams.adapters.item_records import unpack_item
from streams.domain.dead_letters import decode_dead_letter, is_letter
from streams.domain.letter_erasures import decode_erasure
from streams.domain.moves import ARRIVAL, pack_arrival, unpack_arrival
from streams.domain.profiles import decode_profile
from streams.domain.raw import RawRecord
from streams.domain.states import STATE_VERSION, unpack_state
from streams.engine.ownership import acquire
from streams.engine.table import MARKER_KEY, _unpack_marker
from streams.errors import InvalidEvent, NewerFormat
from streams.service.hand_over import decode_handover, is_handover
from streams.service.update_profiles import decode_event
from tests.chaos.fake_log import FakeBroker
from tests.chaos.model import SOURCE, ModelWorker
from tests.formats.full_state import a_full_state, named, unsaid
from tests.formats.kept import AFTERWARDS, CHANGELOGS, FOLDER, FULL, opened, records, releases
from tests.formats.scenario import after, before
from tests.support.whole import NAMES, Whole

pytestmark = pytest.mark.requirement("H12", "Q2")
RELEASES = pytest.mark.parametrize("release", releases())


def published(values: list[bytes | None]) -> list[Any]:
    """Profiles as plain values, in the order of the topic."""
    return [None if value is None else msgspec.msgpack.decode(value) for value in values]


def assert_holds(old: Any, new: Any, place: str = "") -> None:
    """Everything that an old record says, the new one says; it may say more."""
    if isinstance(old, dict):
        for name, value in old.items():
            assert name in new, f"{place}.{name} is gone"
            assert_holds(value, new[name], f"{place}.{name}")
    elif isinstance(old, list):
        assert len(old) == len(new), place
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            assert_holds(one, other, f"{place}[{number}]")
    elif isinstance(old, bytes) and place.endswith((".short", ".long", ".vector")):
        both = [np.frombuffer(raw, np.float16).astype(float) for raw in (old, new)]
        np.testing.assert_allclose(*both, atol=2e-3, err_msg=place)
    elif isinstance(old, float):
        assert new == pytest.approx(old, rel=1e-6, abs=1e-9), place
    else:
        assert new == old, place


@RELEASES
def test_events_go_on_into_the_states_of_an_earlier_release_as_they_did_there(release: str) -> None:
    whole = opened(release)
    after(whole)
    said: dict[int, list[bytes | None]] = {}
    for partition, _, value, _ in records(release, AFTERWARDS):
        said.setdefault(partition, []).append(value)
    for partition, values in said.items():
        now = whole.log[NAMES.profiles, partition]
        n_before = len([1 for number, *_ in records(release, NAMES.profiles) if number == partition])
        assert_holds(published(values[n_before:]), published([record.value for record in now[n_before:]]))


@RELEASES
def test_a_state_of_an_earlier_release_is_worth_what_its_events_are_worth(release: str) -> None:
    """The profiles over the old state are those of this release over everything from the beginning."""
    over_old, anew = opened(release), Whole()
    before(anew)
    after(over_old)
    after(anew)
    touched = over_old.published()
    assert touched
    for user, profile in touched.items():
        assert_holds(msgspec.to_builtins(profile), msgspec.to_builtins(anew.published()[user]))
    assert over_old.letters().keys() <= anew.letters().keys()


@RELEASES
def test_every_record_of_an_earlier_release_is_read(release: str) -> None:
    kinds = set()
    for partition, key, value, headers in records(release, NAMES.user_events):
        record = RawRecord(value, tuple(map(tuple, headers)), 0.0, NAMES.user_events, partition, 0, key)
        kinds.add(type(decode_handover(record).said).__name__ if is_handover(record) else decode_event(record)[1].platform)
    assert {"Move", "Arrival", "shop", "video"} <= kinds
    assert all(unpack_item(value or b"") for _, _, value, _ in records(release, NAMES.item_vectors))
    letters = [(key, value) for _, key, value, _ in records(release, NAMES.dead_letters) if value is not None]
    assert {bool(decode_dead_letter(value) if is_letter(key, value) else decode_erasure(value)) for key, value in letters} == {True}
    profiles = [value for _, _, value, _ in records(release, NAMES.profiles) if value is not None]
    assert {decode_profile(value).change.kind for value in profiles} >= {"update", "merge", "split", "erase"}


@RELEASES
def test_every_field_of_a_record_of_an_earlier_release_keeps_its_meaning(release: str) -> None:
    state = unpack_state((FOLDER / release / f"{FULL}.bin").read_bytes())
    assert_holds(json.loads((FOLDER / release / f"{FULL}.json").read_text()), named(state))


def test_no_field_of_a_record_can_be_added_without_being_kept_for_later_releases() -> None:
    assert unsaid(a_full_state()) == []


@RELEASES
def test_what_was_erased_under_an_earlier_release_stays_erased(release: str) -> None:
    whole = opened(release)
    after(whole)
    person = whole.person("shop", "eve")
    assert person is not None
    titles = {tag.tag for tag in person.tags}
    assert not any("old" in tag for tag in titles)


@RELEASES
def test_the_markers_of_an_earlier_release_say_a_format_that_this_one_reads(release: str) -> None:
    for changelog, state_format in CHANGELOGS.values():
        markers = [value for _, key, value, _ in records(release, changelog) if key == MARKER_KEY]
        assert markers
        assert all(1 <= _unpack_marker(value or b"").state_format <= state_format for value in markers)


def test_a_marker_from_before_formats_were_kept_is_of_the_first() -> None:
    assert _unpack_marker(msgspec.msgpack.encode(["user-events", "id", 7])).state_format == 1


def test_a_state_of_a_newer_format_is_refused_and_stays_as_it_is() -> None:
    broker = FakeBroker()
    broker.partition(SOURCE, 0).append(b"u", b"", "committed")
    newer, older = ModelWorker(broker, acquire), ModelWorker(broker, acquire)
    newer._config = replace(newer._config, state_format=2)
    newer.take_over()
    newer.work(1)
    log = [(entry.key, entry.value) for entry in broker.partition("state", 0).committed()]
    with pytest.raises(NewerFormat, match=r"format 2.*reads up to 1.*nothing has to be deleted"):
        acquire(older._config, SOURCE, 0)
    assert [(entry.key, entry.value) for entry in broker.partition("state", 0).committed()] == log
    newer.take_over()
    assert newer.position == 1


@RELEASES
def test_an_account_that_a_newer_release_sends_on_becomes_a_letter_that_can_be_sent_again(release: str) -> None:
    (partition, key, value, headers), *_ = [
        record for record in records(release, NAMES.user_events) if [*map(tuple, record[3])] == [("braid-kind", ARRIVAL)]
    ]
    newer = pack_arrival(msgspec.structs.replace(unpack_arrival(value or b""), version=STATE_VERSION + 1))
    whole = Whole()
    whole.log[NAMES.user_events, partition] = [
        RawRecord(newer, tuple(map(tuple, headers)), 0.0, NAMES.user_events, partition, 0, key)
    ]
    whole.run()
    (letter,) = whole.letters().values()
    assert (letter.reason, letter.value) == ("unknown_version", newer)
    with pytest.raises(InvalidEvent, match="reads version"):
        decode_handover(RawRecord(newer, letter.headers, 0.0, letter.topic, 0, 0, letter.key))
