"""Looks for the records of one event among those of its platform: a bounded part at a time, saying how far it looked.

Nothing is indexed by event id, so the topic is read from about the time on when the event arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.ports import Clock
from streams.service.topic_reading import Span, TopicReading

#: Records with the id that was asked for; of an event that was sent more often the others are not shown.
MAX_FOUND: Final = 20
#: For what was found in earlier parts.
AGAIN_S: Final = 2.0
#: Shorter ids stand in too many records that cannot be decoded.
MIN_ID_BYTES: Final = 4


class EventName(NamedTuple):
    """What makes two records one event."""

    source: str
    id: str


NameOf = Callable[[RawRecord], EventName | None]
NameFor = Callable[[Platform], NameOf]
"""How a platform's records are named; None for what cannot be told."""


class Budget(NamedTuple):
    """How much one look may cost."""

    n_records: int
    seconds: float


#: What one search may cost before it asks whether to go on.
SEARCH: Final = Budget(200_000, 10.0)


class Asked(msgspec.Struct, frozen=True):
    """What is looked for. source: "" for any. since_s: broker's clock, UTC seconds."""

    platform: Platform
    id: str
    source: str
    since_s: float


class Progress(msgspec.Struct, frozen=True):
    """How far a search has come. positions: offsets to go on from, {} at its start. found: (partition, offset)."""

    positions: dict[int, int] = {}
    found: list[tuple[int, int]] = []
    n_records: int = 0


class Spot(msgspec.Struct, frozen=True):
    """Where a record stands and when the broker took it."""

    topic: str
    partition: int
    offset: int
    at_s: float


def spot_of(record: RawRecord) -> Spot:
    """Where it stands."""
    return Spot(record.topic, record.partition, record.offset, record.timestamp_s)


class Reached(msgspec.Struct, frozen=True):
    """Where a part of a search ended. is_done: the log was read to its end. n_left: offsets not looked at.

    until_s: everything that came before it was looked at, broker's clock, UTC seconds.
    """

    progress: Progress
    is_done: bool
    until_s: float
    n_left: int


class EventSearch:
    """One part of a search through the records of a platform."""

    def __init__(self, look: TopicReading, topic: str, asked: Asked, name_of: NameOf, clock: Clock) -> None:
        self._look = look
        self._topic = topic
        self._asked = asked
        self._name_of = name_of
        self._clock = clock
        self._raw_id = asked.id.encode("utf-8", "surrogatepass")

    def again(self, places: Sequence[tuple[int, int]]) -> list[RawRecord]:
        """Records that were found before, as far as they are still there."""
        kept, records = self._look.kept(self._topic), list[RawRecord]()
        give_up_at_s = self._clock.now_s() + AGAIN_S
        for partition, offset in places[:MAX_FOUND]:
            if partition not in kept or not kept[partition].begin <= offset < kept[partition].end:
                continue
            for batch in self._look.read(self._topic, {partition: Span(offset, offset + 1)}):
                records += batch
                if self._clock.now_s() > give_up_at_s:
                    return records
        return records

    def run(self, progress: Progress, budget: Budget, records: list[RawRecord]) -> Reached:
        """Look on; adds what is found to `records`."""
        kept = self._look.kept(self._topic)
        begins = progress.positions or {
            partition: span.begin for partition, span in self._look.since(self._topic, self._asked.since_s).items()
        }
        left = {
            partition: Span(max(span.begin, min(begins.get(partition, span.begin), span.end)), span.end)
            for partition, span in kept.items()
        }
        positions = {partition: span.begin for partition, span in left.items()}
        newest = dict.fromkeys(left, self._asked.since_s)
        n_records, give_up_at_s = 0, self._clock.now_s() + budget.seconds
        for batch in self._look.read(self._topic, left):
            for record in batch:
                positions[record.partition], newest[record.partition] = record.offset + 1, record.timestamp_s
                if len(records) < MAX_FOUND and self._is_it(record):
                    records.append(record)
            n_records += len(batch)
            if n_records >= budget.n_records or self._clock.now_s() >= give_up_at_s:
                break
        else:
            positions = {partition: span.end for partition, span in left.items()}
        unread = [partition for partition, span in left.items() if positions[partition] < span.end]
        return Reached(
            Progress(positions, [(each.partition, each.offset) for each in records], progress.n_records + n_records),
            is_done=not unread,
            until_s=min((newest[partition] for partition in unread), default=self._clock.now_s()),
            n_left=sum(left[partition].end - positions[partition] for partition in unread),
        )

    def _is_it(self, record: RawRecord) -> bool:
        name = self._name_of(record)
        if name is None:
            # Not one document: its id may still stand there, and why it was refused is what is asked.
            return len(self._raw_id) >= MIN_ID_BYTES and self._raw_id in (record.value or b"")
        return name.id == self._asked.id and self._asked.source in {"", name.source}
