"""The verdict over a finished run, from the topics alone: no word of the workers' own is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from confluent_kafka import Message

from streams.domain.dead_letters import decode_dead_letter, is_letter
from streams.domain.profiles import ProfileRecord, decode_profile
from streams.domain.states import unpack_state
from streams.domain.topic_names import TopicNames
from streams.engine.table import MARKER_KEY, _unpack_marker
from tests.chaos.feeding import Acked, Position
from tests.chaos.verdict_items import item_faults
from tests.support.pipeline import assert_profiles_equal_fold, expected_states, records_of


@dataclass(frozen=True)
class Topics:
    """Where to read, and which names."""

    bootstrap_servers: str
    names: TopicNames


def violations_of(topics: Topics, acked: Acked) -> list[str]:
    """Everything that is not as promised; an empty list is the proof."""
    names = topics.names
    asked = (names.profiles, names.profile_state, names.dead_letters, names.item_vectors)
    with ThreadPoolExecutor(len(asked)) as pool:  # most of the time goes to finding out where the topics end
        read = dict(zip(asked, pool.map(lambda topic: list(records_of(topics.bootstrap_servers, topic)), asked), strict=True))
    profiles, revisions = dict[str, ProfileRecord](), set[tuple[str, int]]()
    found = list(_profile_faults(read[names.profiles], profiles, revisions))
    found += _changelog_faults(read[names.profile_state], revisions)
    found += _dead_letter_faults(read[names.dead_letters], acked.invalid)
    found += item_faults(read[names.item_vectors], acked.items)
    expected = expected_states(list(acked.facts.values()))
    try:
        assert_profiles_equal_fold(profiles, expected)
    except AssertionError as error:
        n_have = sum(profile.events_applied for profile in profiles.values())
        n_due = sum(account.n_events for state in expected.values() for account in state.accounts.values())
        found.append(f"profiles differ from the fold ({n_have} events applied, {n_due} due): {str(error)[:300]}")
    return found


def _profile_faults(
    messages: Sequence[Message], last: dict[str, ProfileRecord], revisions: set[tuple[str, int]]
) -> Iterator[str]:
    for message in messages:
        profile, key = decode_profile(message.value()), message.key().decode()
        if key in last and profile.revision <= last[key].revision:
            yield f"revision of {key} went from {last[key].revision} to {profile.revision}"
        last[key] = profile
        revisions.add((key, profile.revision))


def _changelog_faults(messages: Sequence[Message], published: set[tuple[str, int]]) -> Iterator[str]:
    """Every transaction is one batch: states between the marker before and its own marker, profiles beside states."""
    markers: dict[int, int] = {}
    open_states: dict[int, list[int]] = {}
    fences: dict[str, int] = {}
    stored: set[tuple[str, int]] = set()
    for message in messages:
        partition = message.partition()
        if message.key() == MARKER_KEY:
            before, at = markers.get(partition, 0), _unpack_marker(message.value()).next_offset
            if at < before:
                yield f"marker of partition {partition} went back from {before} to {at}"
            outside = [fence for fence in open_states.pop(partition, []) if not before <= fence < at]
            if outside:
                yield f"a batch of partition {partition} up to {at} holds the fence {outside[0]} (began at {before})"
            markers[partition] = at
            continue
        key, state = message.key().decode(), unpack_state(message.value())
        if state.fence < fences.get(key, -1):
            yield f"fence of {key} went back from {fences[key]} to {state.fence}"
        fences[key] = state.fence
        stored.add((key, state.revision))
        open_states.setdefault(partition, []).append(state.fence)
    for partition in open_states:
        yield f"partition {partition} of the changelog ends in a state without its marker"
    if stored != published:
        yield f"{len(stored ^ published)} revisions are in only one of profiles and profile-state: a torn batch"


def _dead_letter_faults(messages: Sequence[Message], invalid: dict[Position, bytes]) -> Iterator[str]:
    letters: dict[Position, bytes | None] = {}
    for message in messages:
        if not is_letter(message.key(), message.value()):
            continue
        letter = decode_dead_letter(message.value())
        letters[letter.topic, letter.partition, letter.offset] = letter.value
    if letters.keys() != invalid.keys():
        lost, strange = len(invalid.keys() - letters.keys()), len(letters.keys() - invalid.keys())
        yield f"dead letters: {lost} of {len(invalid)} missing, {strange} of valid events"
    elif letters != invalid:
        yield "a dead letter does not hold the original bytes"
