"""Brings a partition's table up to its changelog.

Only after `init_transactions` of the new owner: then every earlier owner is fenced and its last transaction decided,
so the high watermark taken afterwards bounds all that was ever committed before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine.table import PartitionTable
from streams.errors import CorruptState, Retryable

_POLL_S = 0.05
_CHUNK = 5_000
_ASK_AGAIN_S = 0.2
#: What a partition without a leader looks like: a lone broker that stood still for longer than its session is told to
#: lead nothing, and a moment later to lead everything again.
_PASSING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - its public name
        KafkaError._TRANSPORT,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        # The client lets go of the address that it began with while it still asks there.
        KafkaError._DESTROY_BROKER,  # noqa: SLF001
    }
)


@dataclass(frozen=True)
class ChangelogSource:
    """How to read the changelog: librdkafka settings, its topic, and how long a restore may stand still."""

    client: dict[str, object]
    topic: str
    no_progress_s: float = 30.0
    new_consumer: Callable[..., Consumer] = Consumer


Progress = Callable[[int, int, int], None]
"""Called with (partition, records applied since the last call, offsets left)."""


def restore(source: ChangelogSource, partition: int, table: PartitionTable, progress: Progress | None = None) -> int:
    """Apply what the table lacks; returns the number of records read.

    Raises CorruptState when the table is ahead of the changelog, Retryable or KafkaException when the broker stops
    answering.
    """
    low, high = watermarks(source, source.topic, partition)
    at = table.changelog_next
    if at > high:
        raise CorruptState(
            f"state at {table.path} is at changelog offset {at}, the topic {source.topic}[{partition}] ends at {high}: "
            "was the topic recreated? delete the folder and start again"
        )
    if at >= high:
        return 0
    consumer = source.new_consumer(
        {
            **source.client,
            "group.id": "braid-restore",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
        }
    )
    try:
        consumer.assign([TopicPartition(source.topic, partition, max(at, low))])
        return _apply(consumer, source, table, _Goal(partition, at, high, progress))
    finally:
        consumer.close()


@dataclass
class _Goal:
    partition: int
    at: int
    end: int
    progress: Progress | None


def _apply(consumer: Consumer, source: ChangelogSource, table: PartitionTable, goal: _Goal) -> int:
    n_records, moved_at = 0, monotonic()
    # The last offset is a transaction marker that is never delivered: done is "end of partition at or past the mark".
    while goal.at < goal.end:
        entries: list[tuple[bytes, bytes | None]] = []
        for message in consumer.consume(_CHUNK, _POLL_S):
            error = message.error()
            if error is None:
                entries.append((key_of(message), message.value()))
                goal.at = offset_of(message) + 1
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                goal.at = max(goal.at, offset_of(message))
            else:
                raise Retryable(f"restore of {source.topic}[{goal.partition}] at {goal.at}: {error}")
            moved_at = monotonic()
        if entries:
            table.write(entries, goal.at)
            n_records += len(entries)
            if goal.progress:
                goal.progress(goal.partition, len(entries), goal.end - goal.at)
        if monotonic() - moved_at > source.no_progress_s:
            raise Retryable(f"restore of {source.topic}[{goal.partition}] stands at {goal.at} of {goal.end}")
    table.write((), goal.at)
    if n_records and goal.progress:
        goal.progress(goal.partition, 0, 0)  # the marker that is never delivered is not left over either
    return n_records


def key_of(message: Message) -> bytes:
    """The key of a changelog record; all have one."""
    key = message.key()
    assert key is not None
    return key


def offset_of(message: Message) -> int:
    """The offset of a consumed record; all have one."""
    offset = message.offset()
    assert offset is not None
    return offset


def watermarks(source: ChangelogSource, topic: str, partition: int) -> tuple[int, int]:
    """Where a log begins and ends, open transactions included; asks anew while the broker is changing leaders.

    Raises KafkaException when there is no answer within `no_progress_s`, or one that waiting does not mend.
    """
    give_up_at_s = monotonic() + source.no_progress_s
    while True:
        try:
            return _watermarks_once(source, topic, partition, max(1.0, give_up_at_s - monotonic()))
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or monotonic() > give_up_at_s:
                raise
        sleep(_ASK_AGAIN_S)


def _watermarks_once(source: ChangelogSource, topic: str, partition: int, timeout_s: float) -> tuple[int, int]:
    # A read_committed client would be told the last stable offset instead of the end. A new client each time: one
    # that was told "unknown partition" may go on to say so for ever.
    consumer = source.new_consumer(
        {**source.client, "group.id": "braid-restore", "isolation.level": "read_uncommitted"}
    )
    try:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout_s)
        return low, high
    finally:
        consumer.close()
