"""One record of a log by its offset, with the time at which the broker took it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.adapters.raw_messages import raw_of
from streams.domain.raw import RawRecord

WAIT_S: Final = 2.0
_POLL_S: Final = 0.1
#: Offsets between two records that are sooner read than sought.
_FAR: Final = 500
#: One record of each partition is wanted, however much lies behind it.
_LITTLE: Final[Mapping[str, object]] = {
    "enable.partition.eof": True,
    "fetch.message.max.bytes": 65_536,
    "queued.min.messages": 1,
    "queued.max.messages.kbytes": 1_024,
    # The end of a log is told after an empty fetch.
    "fetch.wait.max.ms": 50,
    "log_level": 0,
}


class Place(NamedTuple):
    """A record's place in the logs."""

    topic: str
    partition: int
    offset: int


class RecordReader:
    """Reads the first record at or behind each place. config: a consumer's; its group is never joined.

    For several threads, one call at a time. A record of many megabytes is read all the same: fetch sizes are soft.
    """

    def __init__(self, config: Mapping[str, object]) -> None:
        self._config = {**config, **_LITTLE}
        self._consumer: Consumer | None = None
        self._lock = Lock()

    def first_at(self, places: list[Place], wait_s: float = WAIT_S) -> dict[Place, RawRecord | None]:
        """The records that were found within `wait_s`; None where the log ends before there is one."""
        if not places:
            return {}
        with self._lock:
            consumer = self._consumer = self._consumer or Consumer(self._config)
            try:
                return self._read(consumer, {(place.topic, place.partition): place for place in places}, wait_s)
            finally:
                consumer.unassign()

    def each_of(self, topic: str, partition: int, offsets: Sequence[int], wait_s: float) -> dict[int, RawRecord]:
        """The records at these offsets, as far as they are there and were found within `wait_s`."""
        if not offsets:
            return {}
        with self._lock:
            consumer = self._consumer = self._consumer or Consumer(self._config)
            try:
                return self._walk(consumer, topic, partition, deque(sorted(set(offsets))), wait_s)
            finally:
                consumer.unassign()

    def close(self) -> None:
        """Leave the cluster."""
        with self._lock:
            if self._consumer is not None:
                self._consumer.close()
            self._consumer = None

    def _read(
        self, consumer: Consumer, wanted: dict[tuple[str, int], Place], wait_s: float
    ) -> dict[Place, RawRecord | None]:
        consumer.assign([TopicPartition(*place) for place in wanted.values()])
        found: dict[Place, RawRecord | None] = {}
        give_up_at_s = time.monotonic() + wait_s
        while len(found) < len(wanted) and time.monotonic() < give_up_at_s:
            message = consumer.poll(_POLL_S)
            if message is None:
                continue
            place = wanted.get((message.topic() or "", message.partition() or 0))
            if place is None or place in found:
                continue
            fault = message.error()
            if fault is None:
                found[place] = raw_of(message)
            elif fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                found[place] = None
        return found

    def _walk(
        self, consumer: Consumer, topic: str, partition: int, left: deque[int], wait_s: float
    ) -> dict[int, RawRecord]:
        """Onwards through the log, over what lies between unless that is much."""
        consumer.assign([TopicPartition(topic, partition, left[0])])
        found: dict[int, RawRecord] = {}
        give_up_at_s = time.monotonic() + wait_s
        while left and time.monotonic() < give_up_at_s:
            message = consumer.poll(_POLL_S)
            if message is None:
                continue
            fault = message.error()
            if fault is not None:
                if fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    break
                raise KafkaException(fault)
            offset = message.offset() or 0
            while left and left[0] < offset:
                left.popleft()  # compacted away
            if left and left[0] == offset:
                found[offset] = raw_of(message)
                left.popleft()
            if left and left[0] > offset + _FAR:
                consumer.seek(TopicPartition(topic, partition, left[0]))
        return found
