"""Seen from outside while faults fire: what a read_committed reader meets, and where the group stands beside the marker."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.brokers.connection import consumer_config
from streams.domain.topic_names import TopicNames
from streams.engine.table import MARKER_KEY, _unpack_marker
from streams.settings import Kafka

ASK_S = 5.0


@dataclass
class Seen:
    """Faults of a live run; empty = as promised. n_looks: comparisons of group offset and marker."""

    violations: list[str] = field(default_factory=list)
    n_looks: int = 0


class Watcher:
    """Follows `profile-state`; at every pause of a partition the last record must be a marker (no half batch), and the
    group's offset, asked for before, must not be past it."""

    def __init__(self, bootstrap_servers: str, topics: TopicNames, group: str, n_partitions: int) -> None:
        self.seen = Seen()
        self._topics, self._n = topics, n_partitions
        kafka = Kafka(bootstrap_servers=bootstrap_servers)
        # A read_committed client is told the last stable offset: a commit that is still being written would be missed.
        self._group_config = consumer_config(kafka, group, **{"isolation.level": "read_uncommitted"})
        self._group = Consumer(self._group_config)
        self._reader = Consumer(consumer_config(kafka, "chaos-watcher", **{"enable.partition.eof": True}))
        self._reader.assign([TopicPartition(topics.profile_state, p, 0) for p in range(n_partitions)])
        self._markers: dict[int, int] = {}
        self._read_up_to: dict[int, int] = {}
        self._ends_with_state: dict[int, bytes] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="watcher")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> Seen:
        """What was seen; stopping again does nothing."""
        if not self._stopped.is_set():
            self._stopped.set()
            if self._thread.is_alive():
                self._thread.join()
            self._reader.close()
            self._group.close()
        return self.seen

    def markers(self) -> dict[int, int]:
        """Partition -> the last committed marker seen."""
        return dict(self._markers)

    def _run(self) -> None:
        while not self._stopped.wait(0.2):
            try:
                committed = self._committed()
                if self._read_to_end():
                    self._compare(committed)
            except KafkaException:  # the broker is away, or its leaders changed: nothing to compare, ask anew
                self._group.close()
                self._group = Consumer(self._group_config)

    def _committed(self) -> dict[int, int]:
        asked = [TopicPartition(self._topics.user_events, p) for p in range(self._n)]
        return {tp.partition: tp.offset for tp in self._group.committed(asked, timeout=ASK_S) if tp.offset >= 0}

    def _read_to_end(self) -> bool:
        """Whether every partition was read up to all that was written to it before now, and that is decided."""
        topic = self._topics.profile_state
        ends = [self._group.get_watermark_offsets(TopicPartition(topic, p), ASK_S)[1] for p in range(self._n)]
        for _ in range(20):
            if all(self._read_up_to.get(p, 0) >= end for p, end in enumerate(ends)):
                return True
            for message in self._reader.consume(2_000, 0.1):
                error = message.error()
                if error is None:
                    self._take(message.partition(), message.key(), message.value())
                elif error.code() == KafkaError._PARTITION_EOF:
                    self._check_whole(message.partition())
                    self._read_up_to[message.partition()] = message.offset()
        return False

    def _take(self, partition: int, key: bytes, value: bytes) -> None:
        if key == MARKER_KEY:
            at = _unpack_marker(value).next_offset
            if at < self._markers.get(partition, 0):
                self._fault(f"marker of partition {partition} went back from {self._markers[partition]} to {at}")
            self._markers[partition] = at
            self._ends_with_state.pop(partition, None)
        else:
            self._ends_with_state[partition] = key

    def _check_whole(self, partition: int) -> None:
        if partition in self._ends_with_state:
            self._fault(f"half a batch is visible in partition {partition}: a state without its marker")

    def _compare(self, committed: dict[int, int]) -> None:
        self.seen.n_looks += 1
        for partition, offset in committed.items():
            marker = self._markers.get(partition, 0)
            if offset > marker:
                self._fault(f"group offset {offset} of partition {partition} is past the marker {marker}")

    def _fault(self, text: str) -> None:
        if text not in self.seen.violations:
            self.seen.violations.append(text)
