"""Users whose accounts change hands, or who decided something: their events one after the other, in their order.

Everybody else's events are folded together, a batch at a time; this is for the few that are being linked, were linked
a moment ago, get events that were sent before the gate knew of a link, or whose consent is not the default.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import msgspec

from streams.domain import reasons
from streams.domain.consents import Standing, allows, changes, decide, holds
from streams.domain.events import Event
from streams.domain.folding import FoldReport, FoldRules, Observation, fold
from streams.domain.handover import Passed, Place, arrive, move, park, place_of
from streams.domain.moves import ARRIVAL, KIND_HEADER, MOVE, Arrival, Move, unpack_arrival, unpack_move
from streams.domain.publishing import Cause
from streams.domain.raw import RawRecord
from streams.domain.segments import SegmentRules
from streams.domain.states import STATE_VERSION, UserState
from streams.domain.vector_sums import Vectors
from streams.domain.wills import WORDS_ONLY
from streams.errors import InvalidEvent

_pack_event = msgspec.msgpack.Encoder().encode
_offset = attrgetter("offset")


class Handover(msgspec.Struct, frozen=True):
    """A move or an arrival at its offset in the user's partition."""

    offset: int
    user: str
    said: Move | Arrival


Entry = Observation | Handover


@dataclass(frozen=True)
class Part:
    """One user's part of a batch. entries: in the order of the partition. erased: accounts of the ledger."""

    entries: list[Entry]
    vectors: Vectors
    erased: Mapping[str, float]


@dataclass(frozen=True)
class PersonRules:
    """consent_defaults: by purpose, what holds while nobody said anything. segments: by which profiles are judged."""

    fold: FoldRules
    consent_defaults: Mapping[str, bool]
    segments: SegmentRules = field(default_factory=SegmentRules)


@dataclass(slots=True)
class Settled:
    """What became of one user. cause: why the profile changed, None when it did not.

    n_refused: events without consent, or of a time that was erased. forgets: the person asked to be erased.
    decisions: what holds otherwise than before, by kind (`streams.domain.consents.changes`).
    """

    report: FoldReport = field(default_factory=FoldReport)
    passed: Passed = field(default_factory=Passed)
    cause: Cause | None = None
    n_refused: int = 0
    forgets: bytes | None = None
    decisions: Counter[str] = field(default_factory=Counter)


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
        user = record.key.decode("ascii")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidEvent(reasons.BAD_MSGPACK, type(error).__name__) from None
    # The letter can be sent again once a worker reads it; until then what is for the account waits at its new home.
    if isinstance(said, Arrival) and said.version > STATE_VERSION:
        raise InvalidEvent(reasons.UNKNOWN_VERSION, f"this release reads version {STATE_VERSION}")
    return Handover(record.offset, user, said)


def refuses(standing: Standing | None, event: Event, defaults: Mapping[str, bool]) -> bool:
    """Whether an event must not be kept: no consent to a profile, or it belongs to what was erased."""
    if standing is not None and event.occurred_at_s <= standing.erased_s:
        return True
    return not allows(standing, "profile", defaults)


def entries_of(
    users: Collection[str], observations: Sequence[Observation], handovers: Sequence[Handover]
) -> dict[str, list[Entry]]:
    """Of these users, everything in the order of the partition; users in their own order."""
    found: dict[str, list[Entry]] = {user: [] for user in sorted(users)}
    everything: list[Entry] = [*observations, *handovers]
    for entry in everything:
        if entry.user in found:
            found[entry.user].append(entry)
    for entries in found.values():
        entries.sort(key=_offset)
    return found


def settle_user(rules: PersonRules, user: str, state: UserState, part: Part) -> Settled:
    """One user's part of a batch, in place; the revision grows by at most one."""
    return _Settling(rules, user, state, part).settle()


class _Settling:
    """One user on the way through one batch."""

    def __init__(self, rules: PersonRules, user: str, state: UserState, part: Part) -> None:
        self._rules, self._user, self._state, self._part = rules, user, state, part
        self._erased = dict(part.erased)
        self._settled = Settled()
        self._run: list[Observation] = []
        self._kind = "update"
        self._triggers: list[bytes] = []

    def settle(self) -> Settled:
        state, settled, revision = self._state, self._settled, self._state.revision
        vectors = self._part.vectors
        for entry in self._part.entries:
            if entry.offset <= state.fence:
                settled.report.n_replayed += 1
            elif isinstance(entry, Handover):
                self._fold(vectors)
                self._hand_over(entry.said)
            elif self._is_here(entry):
                if entry.event.will is not None:
                    self._fold(vectors)
                    self._decide(entry.event)
                self._take(entry)
        self._fold(vectors)
        state.fence = max(state.fence, self._part.entries[-1].offset)
        triggers = self._triggers + settled.report.touched.get(self._user, [])
        if triggers:
            settled.cause = Cause(self._kind, triggers)
        state.revision = revision + bool(triggers)
        return settled

    def _is_here(self, entry: Observation) -> bool:
        """Whether the event belongs here; others go on or wait."""
        event, state, passed = entry.event, self._state, self._settled.passed
        place = place_of(state, self._user, event.account)
        if place is Place.MOVED:
            passed.events.append((state.moved[event.account].to_user, _pack_event(event)))
        elif place is Place.AWAITED and event.account in self._erased:
            passed.events.append((event.account, _pack_event(event)))  # home, which is all that is left of it
        elif place is Place.AWAITED:
            park(state, event.account, _pack_event(event), passed)
        return place is Place.HERE

    def _take(self, entry: Observation) -> None:
        account = entry.event.account
        if account in self._erased and account not in self._state.accounts:
            if entry.event.occurred_at_s <= self._erased[account]:
                self._settled.n_refused += 1
                return
            self._state.standings.setdefault(account, Standing()).erased_s = self._erased[account]
        if refuses(self._state.standings.get(account), entry.event, self._rules.consent_defaults):
            self._settled.n_refused += 1
        elif not _is_word_only(entry.event):
            self._run.append(entry)

    def _decide(self, event: Event) -> None:
        """The person's word about an account, or about everything."""
        assert event.will is not None
        state, account = self._state, event.account
        if event.will.erase:
            self._erase_all(event)
            return
        if event.will.expire_before_s:
            self._expire(event)
            return
        if event.will.reencode:  # the state was carried over when it was read
            if state.accounts:
                self._kind = "reencode"
                self._triggers.append(event.event_id)
            return
        standing = state.standings.setdefault(account, Standing())
        before = holds(standing, self._rules.consent_defaults)
        decide(standing, event.will, event.occurred_at_s)
        decided = changes(before, holds(standing, self._rules.consent_defaults))
        self._settled.decisions += decided
        if decided["withdraw"]:
            standing.erased_s = max(standing.erased_s, event.occurred_at_s)
            if state.accounts.pop(account, None) is not None:
                self._kind = "erase"
        if state.accounts or self._kind == "erase":
            self._note(event.event_id, event.received_at_s)

    def _erase_all(self, event: Event) -> None:
        state, until_s = self._state, event.received_at_s
        named = {event.account, *state.accounts, *state.epochs, *state.standings, *state.waiting}
        if state.accounts:
            self._kind = "erase"
            self._note(event.event_id, event.received_at_s)
        for account in named:
            self._erased[account] = self._settled.passed.erased[account] = until_s
        state.accounts.clear()
        state.standings.clear()
        for waiting in state.waiting.values():
            waiting.events.clear()
        self._settled.forgets = event.event_id

    def _expire(self, event: Event) -> None:
        state = self._state
        assert event.will is not None
        if state.accounts and state.updated_s < event.will.expire_before_s:
            state.accounts.clear()
            self._kind = "expire"
            self._triggers.append(event.event_id)

    def _hand_over(self, said: Move | Arrival) -> None:
        passed, state = self._settled.passed, self._state
        passed.has_changed = False
        if isinstance(said, Move):
            move(state, self._user, said, passed)
        else:
            arrive(state, self._user, said, passed)
        self._erased |= passed.erased
        if passed.has_changed:
            self._kind = said.kind
            self._note(said.trigger, said.at_s)

    def _note(self, trigger: bytes, at_s: float) -> None:
        self._triggers.append(trigger)
        self._state.updated_s = max(self._state.updated_s, at_s)

    def _fold(self, vectors: Vectors) -> None:
        if self._run:
            self._settled.report.add(fold(self._rules.fold, {self._user: self._state}, self._run, vectors))
            self._run.clear()


def _is_word_only(event: Event) -> bool:
    """Whether the event decides something and is nothing else: it is not counted among what the person did."""
    return event.will is not None and event.type.endswith(WORDS_ONLY)
