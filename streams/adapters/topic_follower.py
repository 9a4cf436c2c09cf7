"""Follows a whole topic: every partition, from offsets of its own, committed records only, no consumer group.

What it reads goes in batches to a sink that keeps the offsets together with what it made of the records, so a restart
goes on where the sink stands, whatever was lost in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import structlog
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from streams.adapters.follower_status import FollowerStatus, Progress
from streams.ports import Clock

POLL_S: Final = 0.1
REQUEST_S: Final = 0.5
FIRST_BACKOFF_S: Final = 0.2
MAX_BACKOFF_S: Final = 5.0
MAX_BATCH_RECORDS: Final = 2_000
JOIN_S: Final = 5.0

_log = structlog.get_logger(__name__)


class Message(NamedTuple):
    """A record of the followed topic. at_s: the broker's time, 0 when it gave none. value None: deleted."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    at_s: float


@dataclass(frozen=True)
class Batch:
    """Messages in the order of their partitions' logs, and the offsets to go on from when they are applied."""

    messages: list[Message]
    next_offsets: Mapping[int, int]
    received_at_s: float


class Sink(Protocol):
    """Where records go. Called from the follower's thread only; an error that it raises ends the follower."""

    def next_offsets(self) -> Mapping[int, int]:
        """Partition -> where to go on; a partition that is missing starts at the beginning of its log."""

    def apply(self, batch: Batch) -> None:
        """Apply messages and offsets, all or nothing; some may have been applied before."""

    def clear(self) -> None:
        """Forget everything: the topic was made anew."""


class TopicFollower:
    """One thread that follows one topic.

    config: a consumer's (`brokers.connection.consumer_config`); the group id is never joined.
    on_death: told of an error that the sink raised; the follower has stopped by then.
    """

    def __init__(
        self,
        config: Mapping[str, object],
        topic: str,
        sink: Sink,
        clock: Clock,
        on_death: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.topic = topic
        self._config = {**config, "enable.partition.eof": True, "error_cb": self._note_error, "log_level": 0}
        self._sink = sink
        self._clock = clock
        self._on_death = on_death
        self._progress = Progress()
        self._look_again_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follow-{topic}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, in less than a second unless the sink is busy."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def status(self) -> FollowerStatus:
        """Where it stands."""
        return self._progress.status(self._clock.now_s())

    def wait_until_caught_up(self, timeout_s: float) -> bool:
        """Whether everything that was in the topic at the start is applied; blocks up to `timeout_s`."""
        return self._progress.caught_up.wait(timeout_s)

    def _run(self) -> None:
        consumer: Consumer | None = None
        try:
            consumer = Consumer(self._config)
            if self._assign(consumer):
                while not self._stopping.is_set():
                    self._step(consumer)
        except Exception as error:  # noqa: BLE001 - nothing may be swallowed in a thread: whoever runs us decides
            self._progress.fault = f"{self.topic}: stopped by {type(error).__name__}: {error}"
            _log.exception("follower_died", topic=self.topic)
            if self._on_death is not None:
                self._on_death(error)
        finally:
            if consumer is not None:
                consumer.close()

    def _assign(self, consumer: Consumer) -> bool:
        """Take every partition at the sink's offsets, trying until it works; False when asked to stop."""
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping.is_set():
            try:
                ends = _end_offsets(consumer, self.topic)
            except KafkaException as error:
                self._note_fault(_reason(error))
            else:
                if ends:
                    self._begin(consumer, ends)
                    return True
                self._note_fault("the topic does not exist; create it with `braid topics apply`")
            self._stopping.wait(backoff_s)
            backoff_s = min(2 * backoff_s, MAX_BACKOFF_S)
        return False

    def _begin(self, consumer: Consumer, ends: Mapping[int, int]) -> None:
        starts = self._sink.next_offsets()
        if any(offset > ends.get(partition, -1) for partition, offset in starts.items()):
            _log.warning("topic_made_anew", topic=self.topic, stored=dict(starts), ends=dict(ends))
            self._sink.clear()
            starts = {}
        self._progress.begin({partition: starts.get(partition, 0) for partition in ends}, ends)
        consumer.assign([TopicPartition(self.topic, partition, starts.get(partition, 0)) for partition in ends])
        _log.info("follower_started", topic=self.topic, n_behind=self._progress.status(0.0).n_behind)

    def _step(self, consumer: Consumer) -> None:
        """Wait for one record, then take what else has arrived, so that a lone record is applied at once."""
        first = consumer.poll(POLL_S)
        if first is None:
            self._look_after_fault(consumer)
            return
        messages: list[Message] = []
        for record in [first, *consumer.consume(MAX_BATCH_RECORDS - 1, 0)]:
            error = record.error()
            if error is None:
                messages.append(_message(record))
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                self._progress.at_end(record.partition() or 0, record.offset() or 0)
            elif error.fatal():
                raise KafkaException(error)
            else:
                self._note_fault(error.str())
        if messages:
            self._apply(messages)
        for partition, offset in self._progress.passed_ends():
            self._progress.at_end(partition, offset)

    def _apply(self, messages: list[Message]) -> None:
        next_offsets = {message.partition: message.offset + 1 for message in messages}
        self._sink.apply(Batch(messages, next_offsets, self._clock.now_s()))
        self._progress.advance(next_offsets, messages[-1].at_s)

    def _look_after_fault(self, consumer: Consumer) -> None:
        """A broker that is back says nothing by itself when there is nothing new."""
        if self._progress.fault and time.monotonic() >= self._look_again_s:
            self._look_again_s = time.monotonic() + MAX_BACKOFF_S
            try:
                consumer.list_topics(self.topic, timeout=REQUEST_S)
            except KafkaException as error:
                self._note_fault(_reason(error))
            else:
                self._progress.fault = ""

    def _note_error(self, error: KafkaError) -> None:
        # librdkafka reconnects by itself; these are for people.
        self._note_fault(error.str())

    def _note_fault(self, what: str) -> None:
        if not self._progress.fault:
            _log.warning("follower_waits", topic=self.topic, why=what)
        self._progress.fault = f"{self.topic}: {what}"


def _end_offsets(consumer: Consumer, topic: str) -> dict[int, int]:
    """Partition -> end of its log; empty when there is no such topic. Raises KafkaException."""
    found = consumer.list_topics(topic, timeout=REQUEST_S).topics.get(topic)
    if found is None or not found.partitions:
        return {}
    return {
        partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=REQUEST_S)[1]
        for partition in found.partitions
    }


def _message(record: KafkaMessage) -> Message:
    kind, at_ms = record.timestamp()
    return Message(
        record.partition() or 0,
        record.offset() or 0,
        record.key() or b"",
        record.value(),
        0.0 if kind == TIMESTAMP_NOT_AVAILABLE else at_ms / 1000.0,
    )


def _reason(error: KafkaException) -> str:
    cause = error.args[0] if error.args else error
    return cause.str() if isinstance(cause, KafkaError) else str(cause)
