"""The profile use case: a micro-batch of cleaned events becomes new user states and new published profiles.

`prepare` needs no state (decode, find or make the vectors) and may run while the batch before is still committing;
`update` reads the touched states once and folds. A record that does not decode becomes a dead letter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec
import numpy as np

from streams.domain import reasons
from streams.domain.dead_letters import DeadLetter
from streams.domain.events import EVENT_ID_BYTES, EVENT_VERSION, Event, item_key
from streams.domain.folding import CHUNK, FoldReport, FoldRules, Observation, Vectors, fold
from streams.domain.handover import is_all_here
from streams.domain.moves import pack_arrival
from streams.domain.profiles import ProfileRecord
from streams.domain.publishing import Cause, Changed, PublishRules, gone_profile, profiles_of, recent_items
from streams.domain.raw import RawRecord
from streams.domain.rendering import render_item
from streams.domain.states import UserState, pack_state, unpack_state
from streams.errors import CorruptState, InvalidEvent
from streams.ports import ItemCatalogue, Role
from streams.service.hand_over import Handover, decode_handover, is_handover, settle_user

STAGE: Final = "profile"
#: How much a person's own words weigh beside the vector of the item that they are about.
OWN_WORDS: Final = 0.5
#: Beyond the year 9999 and before the year 1: decay over such a time is no number.
MAX_TIME_S: Final = 1e12

_decode = msgspec.msgpack.Decoder(Event).decode
ReadStates = Callable[[list[bytes]], list[bytes | None]]


class Texts(Protocol):
    """Texts to unit vectors through the cache (service.encode_texts); blocks, so only `prepare` calls it."""

    def vectors(self, texts: Sequence[str], role: Role = "passage") -> Vectors:
        """float32 (B, D), zero rows for empty texts."""


@dataclass(slots=True)
class PreparedEvents:
    """Events of one source partition with the matrix their rows point into: float32 (B, D); and accounts that move."""

    observations: list[Observation]
    vectors: Vectors
    dead: list[DeadLetter]
    handovers: list[Handover] = field(default_factory=list)


@dataclass(slots=True)
class UpdatedProfiles:
    """What a batch changed, keys as the topics have them.

    profiles: a user's records in their order, None deletes. arrivals and forwarded go to `user-events` again.
    """

    profiles: list[tuple[bytes, ProfileRecord | None]] = field(default_factory=list)
    states: list[tuple[bytes, bytes]] = field(default_factory=list)
    arrivals: list[tuple[bytes, bytes]] = field(default_factory=list)
    forwarded: list[tuple[bytes, bytes]] = field(default_factory=list)
    n_parked: int = 0
    report: FoldReport = field(default_factory=FoldReport)


class ProfileUpdater:
    """Folds events into profiles. Holds no state of its own."""

    def __init__(self, fold_rules: FoldRules, publish_rules: PublishRules, items: ItemCatalogue, texts: Texts) -> None:
        self._fold_rules = fold_rules
        self._publish_rules = publish_rules
        self._items = items
        self._texts = texts

    def prepare(self, records: Sequence[RawRecord]) -> PreparedEvents:
        """Decode and give every event its vector. Blocks for the encoder."""
        decoded: list[tuple[int, str, Event]] = []
        handovers: list[Handover] = []
        dead: list[DeadLetter] = []
        for record in records:
            try:
                if record.headers and is_handover(record):
                    handovers.append(decode_handover(record))
                else:
                    user, event = decode_event(record)
                    decoded.append((record.offset, user, event))
            except InvalidEvent as error:
                dead.append(DeadLetter.of(record, STAGE, error))
        vectors, rows = self._vectors([event for _, _, event in decoded])
        observations = [
            Observation(offset, user, event, row) for (offset, user, event), row in zip(decoded, rows, strict=True)
        ]
        return PreparedEvents(observations, vectors, dead, handovers)

    def update(self, prepared: PreparedEvents, read: ReadStates) -> UpdatedProfiles:
        """Fold over the states that `read` returns; the records to publish are whole profiles."""
        accounts: dict[str, set[str]] = {handover.user: set() for handover in prepared.handovers}
        for observation in prepared.observations:
            accounts.setdefault(observation.user, set()).add(observation.event.account)
        if not accounts:
            return UpdatedProfiles()
        raws = read([user.encode() for user in accounts])
        states = {user: _unpack(user, raw, self._fold_rules.dim) for user, raw in zip(accounts, raws, strict=True)}
        unsettled = {handover.user for handover in prepared.handovers}
        unsettled |= {user for user, named in accounts.items() if not is_all_here(states[user], user, named)}
        settled = prepared.observations
        if unsettled:
            settled = [observation for observation in settled if observation.user not in unsettled]
        report = fold(self._fold_rules, states, settled, prepared.vectors)
        updated = UpdatedProfiles(report=report)
        changed = [Changed(user, states[user], Cause("update", triggers)) for user, triggers in report.touched.items()]
        for user in sorted(unsettled):
            changed += self._settle(user, states[user], prepared, updated)
        for start in range(0, len(changed), CHUNK):
            self._publish(changed[start : start + CHUNK], updated)
        return updated

    def _settle(self, user: str, state: UserState, prepared: PreparedEvents, updated: UpdatedProfiles) -> list[Changed]:
        """Events and moves of one user in their order; nothing when the profile did not change."""
        settled = settle_user(self._fold_rules, user, state, prepared)
        updated.report.add(settled.report)
        passed = settled.passed
        updated.arrivals += [(to_user.encode(), pack_arrival(arrival)) for to_user, arrival in passed.arrivals]
        updated.n_parked += passed.n_parked
        updated.forwarded += [(to_user.encode(), event) for to_user, event in passed.events]
        if settled.cause is not None and state.accounts:
            return [Changed(user, state, settled.cause)]
        if settled.cause is not None:
            gone = gone_profile(self._publish_rules, user, state, settled.cause)
            updated.profiles += [(user.encode(), gone), (user.encode(), None)]
        updated.states.append((user.encode(), pack_state(state)))
        return []

    def _publish(self, changed: list[Changed], updated: UpdatedProfiles) -> None:
        items = self._item_vectors([state for _, state, _ in changed])
        profiles = profiles_of(self._publish_rules, changed, items)
        for (user, state, _), profile in zip(changed, profiles, strict=True):
            key = user.encode()
            updated.states.append((key, pack_state(state)))
            updated.profiles.append((key, profile))

    def _item_vectors(self, states: list[UserState]) -> dict[str, Vectors]:
        """Vectors of everything recent, one look-up for the batch; what the catalogue lacks is absent."""
        keys = list(set().union(*map(recent_items, states)))
        vectors, found = self._items.vectors_of(keys)
        return {key: vectors[row] for row, key in enumerate(keys) if found[row]}

    def _vectors(self, events: list[Event]) -> tuple[Vectors, list[int]]:
        """(matrix, row of each event or -1). An event's vector is its item's, its own words' or a blend of both."""
        keys = [item_key(event.platform, event.item.item_id) if event.item is not None else "" for event in events]
        distinct = [key for key in dict.fromkeys(keys) if key]
        found_vectors, found = self._items.vectors_of(distinct)
        item_row = {key: row for row, key in enumerate(distinct) if found[row]}
        texts: dict[str, int] = {}
        rows: list[int] = []
        blended: dict[int, tuple[int, int]] = {}
        for key, event in zip(keys, events, strict=True):
            row = item_row.get(key, -1)
            if row < 0 and event.item is not None:  # the catalogue lacks it
                row = _row(texts, render_item(event.item), len(distinct))
            if event.text:
                words = _row(texts, event.text, len(distinct))
                if row >= 0:
                    blended[len(rows)] = row, words
                row = words
            rows.append(row)
        encoded = self._texts.vectors(list(texts)) if texts else np.zeros((0, self._fold_rules.dim), np.float32)
        base = np.concatenate([found_vectors, encoded]) if distinct else encoded  # (items + texts, D)
        blends: dict[tuple[int, int], int] = {}
        for at, pair in blended.items():
            rows[at] = blends.setdefault(pair, len(base) + len(blends))
        return _with_blends(base, blends), rows


def decode_event(record: RawRecord) -> tuple[str, Event]:
    """(user key, event) of a `user-events` record. Raises InvalidEvent."""
    if record.value is None or record.key is None:
        raise InvalidEvent(reasons.NULL_VALUE, "a user-events record has a key and a value")
    try:
        event = _decode(record.value)
        user = record.key.decode("ascii")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEvent(reasons.BAD_MSGPACK, type(error).__name__) from None
    if event.version > EVENT_VERSION:
        raise InvalidEvent(reasons.UNKNOWN_VERSION, f"this release reads version {EVENT_VERSION}")
    # `normalise` writes none of these, but one from elsewhere would end every worker that reads it, for ever; a key
    # that begins with a control byte would overwrite the table's own entries.
    if len(event.event_id) != EVENT_ID_BYTES or not user or not user.isprintable():
        raise InvalidEvent(reasons.OUT_OF_RANGE, f"event_id: {EVENT_ID_BYTES} bytes; key: a user, printable")
    if not (abs(event.occurred_at_s) < MAX_TIME_S and abs(event.received_at_s) < MAX_TIME_S):
        raise InvalidEvent(reasons.OUT_OF_RANGE, "times: seconds of the years that calendars know")
    if not -1.0 <= event.strength <= 1.0:
        raise InvalidEvent(reasons.OUT_OF_RANGE, "strength: a number in [-1, 1]")
    return user, event


def _row(texts: dict[str, int], text: str, first_row: int) -> int:
    """Row of a text, noted for encoding when it is new; -1 for no text."""
    return texts.setdefault(text, first_row + len(texts)) if text else -1


def _with_blends(base: Vectors, blends: dict[tuple[int, int], int]) -> Vectors:
    """The base rows, then unit(item + OWN_WORDS·words) for every pair: float32 (B, D)."""
    if not blends:
        return base
    items, words = np.array(list(blends), np.intp).T
    mixed = base[items] + np.float32(OWN_WORDS) * base[words]
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.concatenate([base, mixed / np.where(norms > 0.0, norms, 1.0)]).astype(np.float32, copy=False)


def _unpack(user: str, raw: bytes | None, dim: int) -> UserState:
    if raw is None:
        return UserState()
    try:
        state = unpack_state(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _corrupt(user, error) from error
    if fault := state.fault(dim):
        raise _corrupt(user, fault)
    return state


def _corrupt(user: str, why: object) -> CorruptState:
    return CorruptState(
        f"state of a user ({len(user)} characters) does not decode: {why}; delete the state directory, "
        "it is rebuilt from the changelog"
    )
