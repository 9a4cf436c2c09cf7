"""Reads topics on the side: assigned, never a member of a group, nothing is committed and nothing is produced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.adapters.raw_messages import raw_of
from streams.domain.raw import RawRecord
from streams.errors import Unavailable
from streams.service.topic_reading import Span, Spans

REQUEST_S: Final = 5.0
BATCH_RECORDS: Final = 500
#: An answer that takes longer than this comes as an empty batch, so that whoever waits can give up.
BATCH_S: Final = 0.25
_NEITHER_JOINS_NOR_HOARDS: Final[Mapping[str, object]] = {
    "enable.partition.eof": True,
    "fetch.wait.max.ms": 20,
    "queued.max.messages.kbytes": 4_096,
    "log_level": 0,
}
#: Of the faults of a partition these do not pass by themselves.
_NOT_ALLOWED: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED})


class KafkaTopics:
    """Meets `service.topic_reading.Topics`. config: a consumer's. groups: stage -> its consumer group.

    knows_no_times: whether a cluster, by its metadata, cannot tell the offset of a time, as the embedded one cannot.
    """

    def __init__(
        self, config: Mapping[str, Any], groups: Mapping[str, str], knows_no_times: Callable[[Any], bool]
    ) -> None:
        self._config = {**config, **_NEITHER_JOINS_NOR_HOARDS}
        self._groups = groups
        self._knows_no_times = knows_no_times

    @contextmanager
    def open(self) -> Iterator[KafkaReading]:
        """One consumer for one look."""
        consumer = Consumer(self._config)
        try:
            yield KafkaReading(consumer, self._config, self._groups, self._knows_no_times)
        except KafkaException as error:
            raise Unavailable(f"the brokers do not say what is in their topics ({_reason(error)})") from error
        finally:
            consumer.close()


class KafkaReading:
    """Meets `service.topic_reading.TopicReading`; a KafkaException in here is `KafkaTopics.open`'s to name."""

    def __init__(
        self,
        consumer: Consumer,
        config: Mapping[str, Any],
        groups: Mapping[str, str],
        knows_no_times: Callable[[Any], bool],
    ) -> None:
        self._consumer = consumer
        self._config = config
        self._groups = groups
        self._knows_no_times = knows_no_times

    def kept(self, topic: str) -> Spans:
        """What the log holds now."""
        return self._kept(topic)[0]

    def since(self, topic: str, at_s: float) -> Spans:
        """From a time on; from the start of the log where the broker cannot tell."""
        kept, knows_times = self._kept(topic)
        if not knows_times or not kept:
            return kept
        asked = [TopicPartition(topic, partition, int(max(0.0, at_s) * 1000)) for partition in kept]
        begins = {
            each.partition: each.offset for each in self._consumer.offsets_for_times(asked, timeout=REQUEST_S)
        }
        # Nothing so new is said as a negative offset.
        return {
            partition: Span(span.end if begins[partition] < 0 else max(span.begin, begins[partition]), span.end)
            for partition, span in kept.items()
        }

    def read(self, topic: str, spans: Spans) -> Iterator[Sequence[RawRecord]]:
        """Committed records of the spans."""
        left = {partition: span for partition, span in spans.items() if span.begin < span.end}
        self._consumer.assign([TopicPartition(topic, partition, span.begin) for partition, span in left.items()])
        try:
            while left:
                yield self._batch(left)
        finally:
            self._consumer.unassign()

    def applied(self, stage: str, topic: str, partition: int) -> int:
        """Asked of the stage's group, which is not joined for it."""
        asking = Consumer({**self._config, "group.id": self._groups[stage]})
        try:
            (said,) = asking.committed([TopicPartition(topic, partition)], timeout=REQUEST_S)
        finally:
            asking.close()
        return max(0, said.offset)

    def _batch(self, left: dict[int, Span]) -> list[RawRecord]:
        """What has come, and takes partitions that were read to their end out of `left`."""
        records: list[RawRecord] = []
        first = self._consumer.poll(BATCH_S)
        for message in [] if first is None else [first, *self._consumer.consume(BATCH_RECORDS - 1, 0)]:
            partition, offset = message.partition() or 0, message.offset() or 0
            fault = message.error()
            if fault is not None:
                if fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    left.pop(partition, None)
                elif fault.fatal() or fault.code() in _NOT_ALLOWED:
                    raise KafkaException(fault)
                continue
            if partition in left and offset < left[partition].end:
                records.append(raw_of(message))
            if partition in left and offset >= left[partition].end - 1:
                left.pop(partition)
        return records

    def _kept(self, topic: str) -> tuple[dict[int, Span], bool]:
        """Also whether this cluster knows times."""
        metadata = self._consumer.list_topics(topic, timeout=REQUEST_S)
        found = metadata.topics.get(topic)
        knows_times = not self._knows_no_times(metadata)
        if found is None or (found.error is not None and found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART):
            return {}, knows_times
        if found.error is not None:
            raise KafkaException(found.error)
        asked = (TopicPartition(topic, partition) for partition in sorted(found.partitions))
        spans = {
            each.partition: Span(*self._consumer.get_watermark_offsets(each, timeout=REQUEST_S)) for each in asked
        }
        return spans, knows_times


def _reason(error: KafkaException) -> str:
    cause = error.args[0] if error.args else error
    return cause.str() if isinstance(cause, KafkaError) else str(cause)
