"""Users whose accounts change hands: their events and moves one after the other, in the order of their partition.

Everybody else's events are folded together, a batch at a time; this is for the few that are being linked, were linked
a moment ago, or get events that were sent before the gate knew of a link.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

import msgspec

from streams.domain import reasons
from streams.domain.events import Event
from streams.domain.folding import FoldReport, FoldRules, Observation, Vectors, fold
from streams.domain.handover import Passed, Place, arrive, move, park, place_of
from streams.domain.moves import ARRIVAL, KIND_HEADER, MOVE, Arrival, Move, unpack_arrival, unpack_move
from streams.domain.publishing import Cause
from streams.domain.raw import RawRecord
from streams.domain.states import UserState
from streams.errors import InvalidEvent

_pack_event = msgspec.msgpack.Encoder().encode
_offset = attrgetter("offset")


class Handover(msgspec.Struct, frozen=True):
    """A move or an arrival at its offset in the user's partition."""

    offset: int
    user: str
    said: Move | Arrival


class Batch(Protocol):
    """What one source partition brought: the events with their vectors, and what moves."""

    observations: list[Observation]
    handovers: list[Handover]
    vectors: Vectors


@dataclass(slots=True)
class Settled:
    """What became of one user. cause: why the profile changed, None when it did not."""

    report: FoldReport = field(default_factory=FoldReport)
    passed: Passed = field(default_factory=Passed)
    cause: Cause | None = None


def is_handover(record: RawRecord) -> bool:
    """Whether a `user-events` record is none of the events."""
    return any(name == KIND_HEADER for name, _ in record.headers)


def decode_handover(record: RawRecord) -> Handover:
    """The move or arrival of a record. Raises InvalidEvent."""
    kinds = [value for name, value in record.headers if name == KIND_HEADER]
    if record.value is None or record.key is None:
        raise InvalidEvent(reasons.NULL_VALUE, "a user-events record has a key and a value")
    if kinds not in ([MOVE], [ARRIVAL]):
        raise InvalidEvent(reasons.UNKNOWN_TYPE, f"header {KIND_HEADER}: this release knows move and arrival")
    try:
        said = unpack_move(record.value) if kinds == [MOVE] else unpack_arrival(record.value)
        return Handover(record.offset, record.key.decode("ascii"), said)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidEvent(reasons.BAD_MSGPACK, type(error).__name__) from None


def settle_user(rules: FoldRules, user: str, state: UserState, batch: Batch) -> Settled:
    """One user's part of a batch, in place; the revision grows by at most one."""
    entries: list[Observation | Handover] = [each for each in batch.observations if each.user == user]
    entries += [each for each in batch.handovers if each.user == user]
    entries.sort(key=_offset)
    settled, revision, run = Settled(), state.revision, list[Observation]()
    kind, triggers = "update", list[bytes]()
    for entry in entries:
        if entry.offset <= state.fence:
            settled.report.n_replayed += 1
        elif isinstance(entry, Observation):
            _route(user, state, entry, run, settled.passed)
        else:
            _fold(rules, state, run, batch.vectors, settled.report)
            if _hand_over(user, state, entry.said, settled.passed):
                kind = entry.said.kind
                triggers.append(entry.said.trigger)
    _fold(rules, state, run, batch.vectors, settled.report)
    state.fence = max(state.fence, entries[-1].offset)
    triggers += settled.report.touched.get(user, [])
    if triggers:
        settled.cause = Cause(kind, triggers)
    state.revision = revision + bool(triggers)
    return settled


def _route(user: str, state: UserState, entry: Observation, run: list[Observation], passed: Passed) -> None:
    account = entry.event.account
    place = place_of(state, user, account)
    if place is Place.HERE:
        run.append(entry)
    elif place is Place.MOVED:
        passed.events.append((state.moved[account].to_user, _packed(entry.event)))
    else:
        park(state, account, _packed(entry.event), passed)


def _fold(rules: FoldRules, state: UserState, run: list[Observation], vectors: Vectors, report: FoldReport) -> None:
    if run:
        report.add(fold(rules, {run[0].user: state}, run, vectors))
        run.clear()


def _hand_over(user: str, state: UserState, said: Move | Arrival, passed: Passed) -> bool:
    """Whether the user's accounts changed."""
    before = passed.has_changed
    passed.has_changed = False
    if isinstance(said, Move):
        move(state, user, said, passed)
    else:
        arrive(state, user, said, passed)
        state.updated_s = max(state.updated_s, said.at_s)
    changed, passed.has_changed = passed.has_changed, passed.has_changed or before
    return changed


def _packed(event: Event) -> bytes:
    return _pack_event(event)
