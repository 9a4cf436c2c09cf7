"""Topics in memory, for whoever reads topics on the side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from streams.domain.raw import RawRecord
from streams.service.topic_reading import Span, Spans


class SteppingClock:
    """Goes on by `step_s` whenever somebody looks at it."""

    def __init__(self, now_s: float, step_s: float = 0.0) -> None:
        self.at_s = now_s
        self.step_s = step_s

    def now_s(self) -> float:
        self.at_s += self.step_s
        return self.at_s


@dataclass
class MemoryTopics:
    """Meets `service.topic_reading.Topics` and `.TopicReading`. stands: (stage, topic, partition) -> where it goes on."""

    records: dict[str, list[RawRecord]] = field(default_factory=dict)
    stands: dict[tuple[str, str, int], int] = field(default_factory=dict)
    batch_records: int = 10

    @contextmanager
    def open(self) -> Iterator[MemoryTopics]:
        yield self

    def put(self, topic: str, value: bytes | None, *, key: bytes = b"k", partition: int = 0, at_s: float = 0.0) -> RawRecord:
        log = self.records.setdefault(topic, [])
        offset = sum(each.partition == partition for each in log)
        record = RawRecord(value, (), at_s, topic, partition, offset, key)
        log.append(record)
        return record

    def kept(self, topic: str) -> Spans:
        ends: dict[int, int] = {}
        for record in self.records.get(topic, []):
            ends[record.partition] = record.offset + 1
        return {partition: Span(0, end) for partition, end in ends.items()}

    def since(self, topic: str, at_s: float) -> Spans:
        begins = {partition: span.end for partition, span in self.kept(topic).items()}
        for record in self.records.get(topic, []):
            if record.timestamp_s >= at_s:
                begins[record.partition] = min(begins[record.partition], record.offset)
        return {partition: Span(begins[partition], span.end) for partition, span in self.kept(topic).items()}

    def read(self, topic: str, spans: Spans) -> Iterator[Sequence[RawRecord]]:
        wanted = [
            record
            for record in self.records.get(topic, [])
            if record.partition in spans and spans[record.partition].begin <= record.offset < spans[record.partition].end
        ]
        for begin in range(0, len(wanted), self.batch_records):
            yield wanted[begin : begin + self.batch_records]

    def applied(self, stage: str, topic: str, partition: int) -> int:
        return self.stands.get((stage, topic, partition), 0)


def applied_everything(topics: MemoryTopics, stages: Mapping[str, str]) -> None:
    """stages: name -> the topic that it reads."""
    for stage, topic in stages.items():
        for partition, span in topics.kept(topic).items():
            topics.stands[stage, topic, partition] = span.end
