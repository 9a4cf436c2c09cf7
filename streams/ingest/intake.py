"""The one use case: events are judged by the gate's own rules, published, and answered once the brokers have them.

Nothing of an event is kept or logged here. What the gate would refuse is not published: its sender hears at once what
workers would write into a dead letter.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from streams.domain import reasons
from streams.domain.platforms import Platform
from streams.domain.published import Outgoing, Placed
from streams.domain.raw import Headers, RawRecord
from streams.domain.reasons import MEANING
from streams.domain.remedies import remedy_of
from streams.domain.topic_names import TopicNames
from streams.ingest.answers import ACCEPTED, IGNORED, LATE, NO_CONSENT, UNCONFIRMED, Answer, Verdict
from streams.ingest.bodies import Records
from streams.ingest.heads import HeadOf
from streams.ingest.publishing import Publisher
from streams.ports import Clock
from streams.service.judge_records import Judge, Judgement
from streams.telemetry.metrics import INGEST_EVENTS

#: Events that are judged before other requests get their turn.
_TURN: Final = 100
_CODES: Final = {"late": LATE, "noise": IGNORED}
#: Where the bound is another than the gate's.
_REMEDIES: Final = {reasons.TOO_LARGE: "send less, or ask the operator about BRAID_INGEST_API__MAX_EVENT_BYTES"}
_NOTES: Final = {
    LATE: "older than the lateness bound: it is counted and moves no profile",
    IGNORED: "nothing in it is used: a type that is left out, or nothing that is kept",
}


@dataclass(frozen=True)
class Intake:
    """judge: the gate as workers have it. heads_for: how ids and persons of a platform's records are read.

    type_of: reads the type of a CloudEvent, "" where it cannot be told.
    """

    judge: Judge
    heads_for: Callable[[Platform], HeadOf]
    type_of: Callable[[RawRecord], str]
    names: TopicNames
    publisher: Publisher
    clock: Clock

    def platform_of(self, record: tuple[bytes, Headers]) -> str:
        """What the first part of a CloudEvent's type says, "" where it cannot be told."""
        return self.type_of(RawRecord(*record)).partition(".")[0]

    async def take(self, platform: Platform, records: Records) -> Answer:
        """A verdict for each record. Raises Overloaded and Retryable; then nothing was published."""
        topic, head_of = self.names.events(platform), self.heads_for(platform)
        verdicts: list[Verdict] = []
        outgoing: list[Outgoing] = []
        places: list[int] = []
        for index, (value, headers) in enumerate(records):
            if index and index % _TURN == 0:
                await asyncio.sleep(0)
            record = RawRecord(value, headers, self.clock.now_s(), topic)
            head = head_of(record)
            verdict = _verdict(index, head.id, topic, self.judge.judge(record, platform))
            if verdict.status == "accepted":
                places.append(index)
                outgoing.append(Outgoing(topic, head.key, value, headers))
            verdicts.append(verdict)
        if outgoing:
            for index, placed in zip(places, await self.publisher.publish(outgoing), strict=True):
                verdicts[index] = _placed(verdicts[index], placed)
        _count(platform, verdicts)
        return Answer.of(verdicts)


def _verdict(index: int, event_id: str, topic: str, judged: Judgement) -> Verdict:
    if judged.outcome == "rejected":
        meaning = MEANING[judged.reason]
        message = f"{meaning}: {judged.detail}" if judged.detail else meaning
        remedy = _REMEDIES.get(judged.reason) or remedy_of(judged.reason)
        return Verdict(index, event_id, "rejected", judged.reason, message, remedy)
    if judged.outcome == "refused":
        return Verdict(
            index, event_id, "rejected", NO_CONSENT, "its consent does not allow a profile: it is not kept",
            "nothing: send events whose person allows it",
        )  # fmt: skip
    code = _CODES.get(judged.outcome, ACCEPTED)
    return Verdict(index, event_id, "accepted", code, _NOTES.get(code, ""), topic=topic)


def _placed(verdict: Verdict, placed: Placed | None) -> Verdict:
    if placed is None:
        return Verdict(
            verdict.index, verdict.id, "unconfirmed", UNCONFIRMED, "the brokers did not confirm it in time",
            "send it again with the same id: it counts once",
        )  # fmt: skip
    return msgspec.structs.replace(verdict, partition=placed.partition, offset=placed.offset)


def _count(platform: Platform, verdicts: list[Verdict]) -> None:
    for (status, code), n_events in Counter((each.status, each.code) for each in verdicts).items():
        INGEST_EVENTS.labels(platform, status, code).inc(n_events)
