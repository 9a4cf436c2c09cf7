"""Where is my event? From its records through the stages to the revision that it made, or to why it made none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal

import msgspec

from streams.domain.dead_letters import decode_dead_letter, is_letter
from streams.domain.events import Event, event_id
from streams.domain.moves import KIND_HEADER
from streams.domain.platforms import Platform
from streams.domain.profiles import ProfileRecord, decode_profile
from streams.domain.raw import RawRecord
from streams.domain.reasons import MEANING
from streams.domain.refused_fields import field_of
from streams.domain.remedies import remedy_of
from streams.domain.topic_names import TopicNames
from streams.ports import Clock
from streams.service import normalise, update_profiles
from streams.service.event_search import SEARCH, Asked, Budget, EventName, EventSearch, NameFor, Progress, Spot, spot_of
from streams.service.judge_records import Judge, Judgement
from streams.service.topic_reading import TopicReading, Topics

#: Two brokers' clocks: what follows from a record may seem to have been written a little before it.
CLOCKS_APART_S: Final = 2.0

Fate = Literal["accepted", "duplicate", "late", "noise", "refused", "rejected"]

_event: Final = msgspec.msgpack.Decoder(Event).decode


#: Of all looks together into other topics that follow from what was found.
FOLLOW: Final = Budget(400_000, 10.0)


class Waits(msgspec.Struct, frozen=True):
    """A stage has not come to it yet. n_before: records before it in its partition. age_s: since the broker took it."""

    stage: str
    n_before: int
    age_s: float


class Refusal(msgspec.Struct, frozen=True):
    """Why it is a dead letter. letter: None where none is found (not written yet, or gone with its person)."""

    reason: str
    meaning: str
    field: str
    detail: str
    remedy: str
    letter: Spot | None


class Applied(msgspec.Struct, frozen=True):
    """What it did. revision: the first that names it, None where none does; by_trigger: as what made it.

    profile_id: of the person now, who may have been merged since.
    """

    profile_id: str
    revision: int | None
    by_trigger: bool


class Traced(msgspec.Struct, frozen=True):
    """One record and what became of it. event_hash: as evidence and triggers name it, "" where the id is unreadable.

    repeats: where the same event stood first. written: in `user-events`. waits: for the stage that comes next.
    """

    received: Spot
    fate: Fate
    type: str
    source: str
    event_hash: str
    repeats: Spot | None = None
    refusal: Refusal | None = None
    written: Spot | None = None
    waits: Waits | None = None
    applied: Applied | None = None


class Found(msgspec.Struct, frozen=True):
    """An answer. is_done: the log was read to its end. rests: it is not gone on with by itself.

    until_s: everything that came before it was looked at. n_left: offsets not looked at. received: what has the id.
    traced: what became of it, once the search rests.
    """

    asked: Asked
    progress: Progress
    is_done: bool
    rests: bool
    until_s: float
    n_left: int
    received: list[Spot]
    traced: list[Traced]


class Tracer:
    """topics: read on the side. profile_of: the newest profile, local."""

    def __init__(  # noqa: PLR0913, PLR0917 - one port each
        self,
        topics: Topics,
        judge: Judge,
        name_for: NameFor,
        names: TopicNames,
        profile_of: Callable[[str], ProfileRecord | None],
        clock: Clock,
    ) -> None:
        self._topics = topics
        self._judge = judge
        self._name_for = name_for
        self._names = names
        self._profile_of = profile_of
        self._clock = clock

    def find(self, asked: Asked, progress: Progress, budget: Budget = SEARCH, *, is_last: bool = True) -> Found:
        """Look on from where a search has come to. is_last: rest when the budget is spent, whatever is left.

        Blocks for the budget and, where something was found, some seconds more. Raises Unavailable.
        """
        with self._topics.open() as look:
            topic, name_of = self._names.events(asked.platform), self._name_for(asked.platform)
            search = EventSearch(look, topic, asked, name_of, self._clock)
            records = search.again(progress.found)
            reached = search.run(progress, budget, records)
            rests = reached.is_done or is_last or reached.progress.n_records >= SEARCH.n_records
            return Found(
                asked=asked,
                progress=reached.progress,
                is_done=reached.is_done,
                rests=rests,
                until_s=reached.until_s,
                n_left=reached.n_left,
                received=[spot_of(record) for record in records],
                traced=self._traced(look, asked.platform, records) if rests else [],
            )

    def _traced(self, look: TopicReading, platform: Platform, records: Sequence[RawRecord]) -> list[Traced]:
        name_of, after = self._name_for(platform), _Followed(look, self._clock)
        first: dict[EventName, Spot] = {}
        traced = []
        for record in sorted(records, key=lambda each: (each.timestamp_s, each.partition, each.offset)):
            name = name_of(record)
            one = self._trace(after, platform, record, name, first.get(name) if name else None)
            if name is not None and one.fate == "accepted":
                first.setdefault(name, one.received)
            traced.append(one)
        return traced

    def _trace(
        self, after: _Followed, platform: Platform, record: RawRecord, name: EventName | None, before: Spot | None
    ) -> Traced:
        judged = self._judge.judge(record, platform)
        hashed = b"" if name is None else event_id(*name)
        one = Traced(spot_of(record), judged.outcome, judged.type, "" if name is None else name.source, hashed.hex())
        if judged.outcome == "rejected":
            letter = self._letter(after, record)
            waits = None if letter else self._waits(after, normalise.STAGE, record)
            return msgspec.structs.replace(one, refusal=_refusal(judged, letter), waits=waits)
        if judged.outcome != "accepted":
            return one
        if before is not None:
            return msgspec.structs.replace(one, fate="duplicate", repeats=before)
        return self._followed(after, one, record, hashed)

    def _followed(self, after: _Followed, one: Traced, record: RawRecord, hashed: bytes) -> Traced:
        """An accepted event through `user-events` to a profile."""
        written = after.first(self._names.user_events, record.timestamp_s, lambda each: _is_event(each, hashed))
        if written is None:
            waits = self._waits(after, normalise.STAGE, record)
            # What the gate takes today it may have refused when it saw it: settings and mapping files change.
            letter = None if waits else self._letter(after, record)
            if letter is None:
                return msgspec.structs.replace(one, waits=waits)
            refusal = _refusal_of(letter)
            return msgspec.structs.replace(one, fate="rejected", refusal=refusal)
        one = msgspec.structs.replace(one, written=spot_of(written))
        waits = self._waits(after, update_profiles.STAGE, written)
        if waits is not None:
            return msgspec.structs.replace(one, waits=waits)
        return msgspec.structs.replace(one, applied=self._applied(after, written, hashed.hex()))

    def _applied(self, after: _Followed, written: RawRecord, hashed: str) -> Applied:
        user = (written.key or b"").decode("utf-8", "replace")
        now = self._profile_of(user)
        profile_id = user if now is None or not now.identity.merged_into else now.identity.merged_into
        if now is not None and hashed in now.change.trigger_ids:
            return Applied(profile_id, now.revision, by_trigger=True)
        made = after.first(self._names.profiles, written.timestamp_s, lambda each: _names(each, written.key, hashed))
        if made is None:
            return Applied(profile_id, None, by_trigger=False)
        revision = decode_profile(made.value or b"")
        return Applied(profile_id, revision.revision, hashed in revision.change.trigger_ids)

    def _letter(self, after: _Followed, record: RawRecord) -> RawRecord | None:
        place = f"{record.topic}/{record.partition}/{record.offset}".encode()
        return after.first(
            self._names.dead_letters,
            record.timestamp_s,
            lambda each: each.key == place and is_letter(each.key, each.value),
        )

    def _waits(self, after: _Followed, stage: str, record: RawRecord) -> Waits | None:
        n_before = record.offset - after.look.applied(stage, record.topic, record.partition)
        if n_before < 0:
            return None
        return Waits(stage, n_before, max(0.0, self._clock.now_s() - record.timestamp_s))


class _Followed:
    """Looks into the topics that follow, for all that was found together at most FOLLOW."""

    def __init__(self, look: TopicReading, clock: Clock) -> None:
        self.look = look
        self._clock = clock
        self._n_records = 0
        self._give_up_at_s = clock.now_s() + FOLLOW.seconds

    def first(self, topic: str, since_s: float, fits: Callable[[RawRecord], bool]) -> RawRecord | None:
        """The first record that fits, as far as the budget goes."""
        for batch in self.look.read(topic, self.look.since(topic, since_s - CLOCKS_APART_S)):
            for record in batch:
                if fits(record):
                    return record
            self._n_records += len(batch)
            if self._n_records >= FOLLOW.n_records or self._clock.now_s() > self._give_up_at_s:
                break
        return None


def _is_event(record: RawRecord, hashed: bytes) -> bool:
    """Whether a record of `user-events` is this event; most are passed over without decoding."""
    if record.value is None or hashed not in record.value or any(name == KIND_HEADER for name, _ in record.headers):
        return False
    with suppress(msgspec.DecodeError):
        return _event(record.value).event_id == hashed
    return False


def _names(record: RawRecord, user: bytes | None, hashed: str) -> bool:
    """Whether a published profile of this user names the event."""
    if record.key != user or record.value is None or hashed.encode() not in record.value:
        return False
    with suppress(msgspec.DecodeError):
        profile = decode_profile(record.value)
        return hashed in profile.change.trigger_ids or any(event.id == hashed for event in profile.recent)
    return False


def _refusal(judged: Judgement, letter: RawRecord | None) -> Refusal:
    """As the letter says, else as the gate says now."""
    if letter is not None:
        return _refusal_of(letter)
    return _refused(judged.reason, judged.detail, None)


def _refusal_of(letter: RawRecord) -> Refusal:
    said = decode_dead_letter(letter.value or b"")
    return _refused(said.reason, said.detail, spot_of(letter))


def _refused(reason: str, detail: str, letter: Spot | None) -> Refusal:
    meanings: Mapping[str, str] = MEANING
    return Refusal(reason, meanings.get(reason, ""), field_of(reason, detail), detail, remedy_of(reason), letter)
