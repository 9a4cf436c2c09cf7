"""The profile use case: a micro-batch of cleaned events becomes new user states and new published profiles.

`prepare` needs no state (decode, find or make the vectors) and may run while the batch before is still committing;
`update` reads the touched states once and folds. A record that does not decode becomes a dead letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from streams.domain import reasons
from streams.domain.consents import Standing, allows
from streams.domain.dead_letters import DeadLetter
from streams.domain.envelopes import MAX_LIST_ITEMS
from streams.domain.events import EVENT_ID_BYTES, EVENT_VERSION, Event
from streams.domain.folding import FoldReport, FoldRules, Observation, fold
from streams.domain.handover import is_all_here
from streams.domain.hints import forget_command
from streams.domain.ledger import ledger_key, pack_time, unpack_time
from streams.domain.moves import Arrival, pack_arrival
from streams.domain.profiles import ProfileRecord, Segment
from streams.domain.publishing import Cause, Changed, PublishRules, gone_profile, profiles_of, recent_items
from streams.domain.raw import RawRecord
from streams.domain.readings import Reading
from streams.domain.states import UserState, pack_state, unpack_state
from streams.domain.vector_sums import CHUNK, Vectors
from streams.errors import CorruptState, InvalidEvent
from streams.ports import ItemCatalogue
from streams.service.carry_over import CarryOver
from streams.service.event_vectors import EventVectors, Texts
from streams.service.hand_over import (
    Handover,
    Part,
    PersonRules,
    Settled,
    decode_handover,
    entries_of,
    is_handover,
    settle_user,
)
from streams.service.own_words import OwnWords
from streams.service.silence import Peek, Silence, blind
from streams.service.state_memo import StateMemo

STAGE: Final = "profile"

#: Beyond the year 9999 and before the year 1: decay over such a time is no number.
MAX_TIME_S: Final = 1e12

_decode = msgspec.msgpack.Decoder(Event).decode
ReadStates = Callable[[list[bytes]], list[bytes | None]]
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

    profiles: a user's records in their order, None deletes. arrivals and forwarded go to `user-events` again, commands
    to the identity log. n_refused: events that their person does not allow. erasures: people who are gone, by kind
    of change. erased: accounts that are gone, until when, for their dead letters. decisions: by kind.
    """

    profiles: list[tuple[bytes, ProfileRecord | None]] = field(default_factory=list)
    states: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    arrivals: list[tuple[bytes, bytes]] = field(default_factory=list)
    forwarded: list[tuple[bytes, bytes]] = field(default_factory=list)
    commands: list[tuple[bytes, bytes]] = field(default_factory=list)
    n_parked: int = 0
    n_refused: int = 0
    erasures: Counter[str] = field(default_factory=Counter)
    erased: list[tuple[str, float]] = field(default_factory=list)
    decisions: Counter[str] = field(default_factory=Counter)
    report: FoldReport = field(default_factory=FoldReport)


@dataclass(frozen=True)
class Sources:
    """texts: to vectors. words: reads what people write, None leaves it unread.

    peek: states as they are now, for what must not reach the encoder. wait_for_items: returns when the catalogue is
    encoded with the encoder of `texts`, as far as it will be.
    """

    items: ItemCatalogue
    texts: Texts
    words: OwnWords | None = None
    peek: Peek = blind
    wait_for_items: Callable[[], None] = lambda: None


class ProfileUpdater:
    """Folds events into profiles. Holds no state of its own, only a memory of decoded ones."""

    def __init__(self, rules: PersonRules, publish_rules: PublishRules, sources: Sources) -> None:
        """sources: what there is to read beside events and states."""
        self._rules = rules
        self._fold_rules = rules.fold
        self._publish_rules = publish_rules
        self._items = sources.items
        self._wait_for_items = sources.wait_for_items
        self._vectors = EventVectors(sources.items, sources.texts, rules.fold.dim)
        self._words = sources.words
        self._silence = Silence(rules, sources.peek)
        self._memo = StateMemo()
        self._carry_over = CarryOver(
            sources.items, rules.fold.space, rules.fold.short_half_life_s, rules.fold.half_lives
        )

    def prepare(self, records: Sequence[RawRecord]) -> PreparedEvents:
        """Decode and give every event its vector. Blocks for the encoder."""
        self._wait_for_items()
        decoded: list[tuple[int, str, Event]] = []
        handovers: list[Handover] = []
        dead: list[DeadLetter] = []
        for record in records:
            try:
                if record.headers and is_handover(record):
                    handovers.append(self._arrived(decode_handover(record)))
                else:
                    user, event = decode_event(record)
                    decoded.append((record.offset, user, event))
            except InvalidEvent as error:
                dead.append(DeadLetter.of(record, STAGE, error))
        silent = self._silence.among(records[0].partition, decoded) if records else frozenset()
        events = [event for _, _, event in decoded]
        vectors, rows, spoken = self._vectors.of(events, silent)
        said: Mapping[int, Reading] = {}
        about: Sequence[Reading | None] = [None] * len(events)
        if self._words is not None:
            said, about = self._words.said(events, spoken, vectors), self._words.about(events)
        observations = [
            Observation(offset, user, event, rows[place], said.get(place), about[place])
            for place, (offset, user, event) in enumerate(decoded)
        ]
        return PreparedEvents(observations, vectors, dead, handovers)

    def _arrived(self, handover: Handover) -> Handover:
        """The handover; an account that comes from a worker with another encoder leaves its sums behind."""
        said = handover.said
        if not isinstance(said, Arrival):
            return handover
        try:
            return Handover(handover.offset, handover.user, self._carry_over.arrival(said))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidEvent(reasons.BAD_MSGPACK, type(error).__name__) from None

    def update(self, prepared: PreparedEvents, read: ReadStates) -> UpdatedProfiles:
        """Fold over the states that `read` returns; the records to publish are whole profiles."""
        accounts: dict[str, set[str]] = {}
        for handover in prepared.handovers:
            accounts.setdefault(handover.user, set()).add(handover.said.account)
        unsettled = set(accounts)
        for observation in prepared.observations:
            accounts.setdefault(observation.user, set()).add(observation.event.account)
            if observation.event.will is not None:
                unsettled.add(observation.user)
        if not accounts:
            return UpdatedProfiles()
        states, erased = self._read(accounts, read)
        unsettled |= {user for user, named in accounts.items() if not self._is_plain(states[user], user, named, erased)}
        settled = prepared.observations
        if unsettled:
            settled = [observation for observation in settled if observation.user not in unsettled]
        report = fold(self._fold_rules, states, settled, prepared.vectors)
        updated = UpdatedProfiles(report=report)
        changed = [Changed(user, states[user], Cause("update", triggers)) for user, triggers in report.touched.items()]
        for user, entries in entries_of(unsettled, prepared.observations, prepared.handovers).items():
            settled_user = settle_user(self._rules, user, states[user], Part(entries, prepared.vectors, erased))
            changed += self._settled(user, states[user], settled_user, updated)
        for start in range(0, len(changed), CHUNK):
            self._publish(changed[start : start + CHUNK], updated)
        return updated

    def _read(
        self, accounts: Mapping[str, set[str]], read: ReadStates
    ) -> tuple[dict[str, UserState], dict[str, float]]:
        """(state of each user, what the ledger says about the accounts that have no state there)."""
        raws = read([user.encode() for user in accounts])
        stored = list(zip(accounts, raws, strict=True))
        known = self._memo.take(stored)
        states = {user: known.get(user) or _unpack(user, raw, self._fold_rules) for user, raw in stored}
        self._carry_over.states(states[user] for user in states.keys() - known.keys())
        new = [account for user, named in accounts.items() for account in named - states[user].accounts.keys()]
        found = read([ledger_key(account) for account in new])
        return states, {
            account: unpack_time(raw) for account, raw in zip(new, found, strict=True) if raw is not None
        }

    def _is_plain(self, state: UserState, user: str, named: set[str], erased: Mapping[str, float]) -> bool:
        """Whether the user's events can be folded together with everybody's."""
        if not is_all_here(state, user, named) or (erased and not named.isdisjoint(erased)):
            return False
        if not state.standings and self._rules.consent_defaults.get("profile", True):
            return True
        return all(self._keeps(state.standings.get(account)) for account in named)

    def _keeps(self, standing: Standing | None) -> bool:
        return (standing is None or not standing.erased_s) and allows(
            standing, "profile", self._rules.consent_defaults
        )

    def _settled(self, user: str, state: UserState, settled: Settled, updated: UpdatedProfiles) -> list[Changed]:
        """Everything that leaves one user; the profile to publish, if it changed and is still one."""
        key, passed = user.encode(), settled.passed
        updated.report.add(settled.report)
        updated.arrivals += [(to_user.encode(), pack_arrival(arrival)) for to_user, arrival in passed.arrivals]
        updated.forwarded += [(to_user.encode(), event) for to_user, event in passed.events]
        updated.n_parked += passed.n_parked
        updated.n_refused += settled.n_refused
        updated.states += [(ledger_key(account), pack_time(until_s)) for account, until_s in passed.erased.items()]
        updated.erased += passed.erased.items()
        updated.decisions += settled.decisions
        if settled.forgets is not None:
            updated.commands.append((b"", forget_command(sorted(passed.erased)[:MAX_LIST_ITEMS], settled.forgets)))
        if settled.cause is not None and state.accounts:
            return [Changed(user, state, settled.cause)]
        if settled.cause is not None:
            gone = self._judged(gone_profile(self._publish_rules, user, state, settled.cause), state)
            updated.profiles += [(key, gone), (key, None)]
            updated.erasures[settled.cause.kind] += 1
        if passed.erased:  # deleted first, so that its earlier bytes go from the disk as well
            updated.states.append((key, None))
        if not state.is_blank() or not passed.erased:
            updated.states.append((key, None if state.is_blank() else pack_state(state)))
        return []

    def _publish(self, changed: list[Changed], updated: UpdatedProfiles) -> None:
        items = self._item_vectors([state for _, state, _ in changed])
        profiles = [
            self._judged(profile, each.state)
            for each, profile in zip(changed, profiles_of(self._publish_rules, changed, items), strict=True)
        ]
        packed = [(user, pack_state(state), state) for user, state, _ in changed]
        updated.states += [(user.encode(), raw) for user, raw, _ in packed]
        updated.profiles += [(user.encode(), profile) for (user, _, _), profile in zip(packed, profiles, strict=True)]
        self._memo.keep(packed)

    def _judged(self, profile: ProfileRecord, state: UserState) -> ProfileRecord:
        """The profile with its segments, which the state remembers."""
        rules = self._rules.segments
        if not rules.segments and not state.segments:
            return profile
        judged = rules.judge(profile, state.segments)
        state.segments = judged.entered_at
        replaced = msgspec.structs.replace
        return replaced(
            profile,
            segments=[Segment(segment, at_s) for segment, at_s in judged.entered_at.items()],
            change=replaced(profile.change, entered=judged.entered, left=judged.left),
        )

    def _item_vectors(self, states: list[UserState]) -> dict[str, Vectors]:
        """Vectors of everything recent, one look-up for the batch; what the catalogue lacks is absent."""
        keys = list(set().union(*map(recent_items, states)))
        vectors, found = self._items.vectors_of(keys)
        return {key: vectors[row] for row, key in enumerate(keys) if found[row]}


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


def _unpack(user: str, raw: bytes | None, rules: FoldRules) -> UserState:
    if raw is None:
        return UserState()
    try:
        state = unpack_state(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _corrupt(user, error) from error
    if fault := state.fault(rules.dim, rules.space):
        raise _corrupt(user, fault)
    return state


def _corrupt(user: str, why: object) -> CorruptState:
    return CorruptState(
        f"state of a user ({len(user)} characters) does not decode: {why}; delete the state directory, "
        "it is rebuilt from the changelog"
    )
