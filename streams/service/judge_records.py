"""What becomes of one record at the gate, and why: the gate itself is asked, so that nothing is told twice.

The gate depends on a record and the settings alone (the time of arrival is the broker's), so what it says of an old
record now is what it said then, unless settings or mapping files were changed since.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal

import msgspec

from streams.domain.clocks import parse_time
from streams.domain.envelopes import DecodeFor, Envelope
from streams.domain.events import Event
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.domain.refused_fields import field_of
from streams.errors import InvalidEvent
from streams.service.normalise import NormalisedBatch, Normaliser

#: accepted: written to `user-events`. late: older than the bound. noise: a type that is left out. refused: without
#: consent to be kept. rejected: a dead letter.
Outcome = Literal["accepted", "late", "noise", "refused", "rejected"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("accepted", "late", "noise", "refused", "rejected")
MAX_TYPE_CHARS: Final = 80

TypeFor = Callable[[Platform], Callable[[RawRecord], str]]


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What became of a record. type: as it says, empty where it cannot be read. user: key that it is written under.

    reason, detail, field: of a rejected one. ahead_s: sender's clock minus the broker's, by `sentat`, else by `time`,
    in which how long the event was on its way is left; None where neither can be read. is_sent_time: by `sentat`.
    """

    outcome: Outcome
    type: str = ""
    reason: str = ""
    detail: str = ""
    field: str = ""
    ahead_s: float | None = None
    is_sent_time: bool = False
    user: str = ""
    event: Event | None = None
    batch: NormalisedBatch | None = None


class Judge:
    """normaliser: the gate as the workers have it. decoder_for: how platforms speak, as the gate reads them.

    type_for: reads the type of a record that the gate cannot decode, "" where it cannot be told.
    """

    def __init__(self, normaliser: Normaliser, decoder_for: DecodeFor, type_for: TypeFor) -> None:
        self._normaliser = normaliser
        self._decoder_for = decoder_for
        self._type_for = type_for

    def judge(self, record: RawRecord, platform: Platform) -> Judgement:
        """What became of the record; some 35 µs. Raises nothing for whatever a platform sends."""
        batch = self._normaliser.normalise([record], platform)
        envelope: Envelope | None = None
        with suppress(InvalidEvent):
            envelope = self._decoder_for(platform)(record)
        kind = (self._type_for(platform)(record) if envelope is None else envelope.type)[:MAX_TYPE_CHARS]
        ahead_s, is_sent_time = _ahead(envelope, record.timestamp_s)
        said = Judgement(_outcome(batch), kind, ahead_s=ahead_s, is_sent_time=is_sent_time, batch=batch)
        if batch.dead:
            letter = batch.dead[0]
            field = field_of(letter.reason, letter.detail)
            return msgspec.structs.replace(said, reason=letter.reason, detail=letter.detail, field=field)
        if batch.events:
            user, event = batch.events[0]
            return msgspec.structs.replace(said, user=user, event=event)
        return said


def _outcome(batch: NormalisedBatch) -> Outcome:
    if batch.dead:
        return "rejected"
    if batch.events:
        return "accepted"
    if batch.n_late:
        return "late"
    return "refused" if batch.n_refused else "noise"


def _ahead(envelope: Envelope | None, received_at_s: float) -> tuple[float | None, bool]:
    if envelope is None or received_at_s <= 0:
        return None, False
    for said, is_sent_time in ((envelope.sentat, True), (envelope.time, False)):
        if said is not None:
            with suppress(InvalidEvent):
                return parse_time(said, "") - received_at_s, is_sent_time
    return None, False
