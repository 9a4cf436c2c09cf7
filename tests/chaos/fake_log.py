"""A Kafka log small enough to explore: epochs, open transactions, the last stable offset, aborts, compaction, torn commits.

`FakeProducer` and `FakeConsumer` are what the engine's real writers and its real restore are given instead of
librdkafka's: the protocol above them is the product's own code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

Place = tuple[str, int]


@dataclass
class Entry:
    """A record, or (key None) the control record that ends a transaction. status: open, committed, aborted."""

    offset: int
    key: bytes | None
    value: bytes | None
    status: str = "committed"
    is_control: bool = False


@dataclass
class Partition:
    entries: list[Entry] = field(default_factory=list)
    end: int = 0

    def append(self, key: bytes | None, value: bytes | None, status: str, *, is_control: bool = False) -> Entry:
        entry = Entry(self.end, key, value, status, is_control)
        self.entries.append(entry)
        self.end += 1
        return entry

    @property
    def stable_end(self) -> int:
        """Offset of the first open record, or the end."""
        return next((entry.offset for entry in self.entries if entry.status == "open"), self.end)

    def committed(self, start: int = 0) -> list[Entry]:
        """What a read_committed reader gets from `start` on."""
        stable = self.stable_end
        return [
            entry
            for entry in self.entries
            if start <= entry.offset < stable and entry.status == "committed" and not entry.is_control
        ]

    def compact(self) -> None:
        """Keep the last committed value of each key; offsets stay."""
        stable = self.stable_end
        last = {entry.key: entry.offset for entry in self.committed()}
        self.entries = [
            entry for entry in self.entries if entry.offset >= stable or last.get(entry.key) == entry.offset
        ]


class FakeBroker:
    """Partitions by (topic, partition). is_eager: clients' sockets hold nothing back; else what they queue waits for a
    poll and dies with them. torn_after: the next commit takes so many records and aborts the rest (KAFKA-17754)."""

    def __init__(self) -> None:
        self.partitions: dict[Place, Partition] = {}
        self.epochs: dict[str, int] = {}
        self.open: dict[str, list[tuple[Place, Entry]]] = {}
        self.is_eager = True
        self.torn_after: int | None = None

    def partition(self, topic: str, number: int) -> Partition:
        return self.partitions.setdefault((topic, max(number, 0)), Partition())

    def initialise(self, identifier: str) -> int:
        self.epochs[identifier] = self.epochs.get(identifier, -1) + 1
        self._end(identifier, "aborted")
        return self.epochs[identifier]

    def append(self, identifier: str, epoch: int, place: Place, record: tuple[bytes | None, bytes | None]) -> Entry:
        self._check(identifier, epoch)
        entry = self.partition(*place).append(*record, "open")
        self.open.setdefault(identifier, []).append((place, entry))
        return entry

    def commit(self, identifier: str, epoch: int) -> None:
        self._check(identifier, epoch)
        if self.torn_after is not None:
            records, n_kept = self.open.get(identifier, []), self.torn_after
            self.torn_after = None
            for number, (_, entry) in enumerate(records):
                entry.status = "committed" if number < n_kept else "aborted"
            self._end(identifier, None)
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        self._end(identifier, "committed")

    def _end(self, identifier: str, status: str | None) -> None:
        records = self.open.pop(identifier, [])
        for _, entry in records:
            entry.status = status or entry.status
        for place in dict.fromkeys(place for place, _ in records):
            self.partition(*place).append(None, None, "committed", is_control=True)

    def _check(self, identifier: str, epoch: int) -> None:
        if self.epochs.get(identifier) != epoch:
            raise KafkaException(KafkaError(KafkaError._FENCED))


class FakeProducer:
    """What `streams.engine.writers` needs of a producer, transactional or only idempotent."""

    def __init__(self, broker: FakeBroker, config: Mapping[str, Any]) -> None:
        self._broker = broker
        self._identifier = str(config.get("transactional.id", ""))
        self._epoch = -1
        self._queue: list[tuple[Place, tuple[bytes | None, bytes | None], Callable[..., None] | None]] = []

    def init_transactions(self, _timeout_s: float) -> None:
        self._epoch = self._broker.initialise(self._identifier)

    def begin_transaction(self) -> None:
        """Local, as in librdkafka: the broker hears of it with the first record."""

    def produce(self, topic, value, key, partition, on_delivery=None, headers=None) -> None:
        self._queue.append(((topic, partition), (key, value), on_delivery))
        if self._broker.is_eager:
            self._send()

    def produce_batch(self, topic: str, records: Iterable[dict[str, Any]], partition: int, on_delivery=None) -> int:
        records = list(records)
        for record in records:
            self.produce(topic, record["value"], record["key"], partition, on_delivery)
        return len(records)

    def poll(self, _timeout_s: float) -> None:
        self._send()

    def commit_transaction(self, _timeout_s: float) -> None:
        self._send()
        self._broker.commit(self._identifier, self._epoch)

    def _send(self) -> None:
        while self._queue:
            place, record, on_delivery = self._queue.pop(0)
            if self._identifier:
                entry = self._broker.append(self._identifier, self._epoch, place, record)
            else:
                entry = self._broker.partition(*place).append(*record, "committed")
            if on_delivery is not None:
                on_delivery(None, FakeMessage(place[1], entry))


@dataclass
class FakeMessage:
    """A record, or the end of a partition, or another fault."""

    number: int
    entry: Entry | None = None
    end: int = 0
    fault: int = KafkaError._PARTITION_EOF

    def error(self) -> KafkaError | None:
        return None if self.entry is not None else KafkaError(self.fault)

    def offset(self) -> int:
        return self.entry.offset if self.entry is not None else self.end

    def partition(self) -> int:
        return self.number

    def key(self) -> bytes | None:
        return self.entry.key if self.entry else None

    def value(self) -> bytes | None:
        return self.entry.value if self.entry else None


class FakeConsumer:
    """What `streams.engine.recovery` needs of a consumer: one assigned partition."""

    def __init__(self, broker: FakeBroker, config: Mapping[str, Any]) -> None:
        self._broker = broker
        self._sees_all = config["isolation.level"] == "read_uncommitted"
        self._place: Place = ("", 0)
        self._at = 0
        self._told_end = -1

    def assign(self, positions: list[TopicPartition]) -> None:
        (position,) = positions
        self._place, self._at = (position.topic, position.partition), position.offset

    def consume(self, n_records: int, _timeout_s: float) -> list[FakeMessage]:
        partition = self._broker.partition(*self._place)
        found = partition.committed(self._at)[:n_records]
        if found:
            self._at = found[-1].offset + 1
            return [FakeMessage(self._place[1], entry) for entry in found]
        if self._told_end == partition.stable_end:
            # The end is told once. Nothing else runs meanwhile, so a reader that asks again would ask for ever.
            return [FakeMessage(self._place[1], fault=KafkaError._TIMED_OUT)]
        self._told_end = partition.stable_end
        return [FakeMessage(self._place[1], end=partition.stable_end)]

    def get_watermark_offsets(self, position: TopicPartition, **_: float) -> tuple[int, int]:
        partition = self._broker.partition(position.topic, position.partition)
        return 0, partition.end if self._sees_all else partition.stable_end

    def close(self) -> None:
        """Nothing to release."""
