"""The latest records of the audit, read when somebody asks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.domain.audit_records import AuditRecord, decode_audit
from streams.errors import Unavailable

REQUEST_S: Final = 2.0
READ_S: Final = 5.0
MAX_RECORDS: Final = 2_000
_BATCH: Final = 500
_POLL_S: Final = 0.1


class AuditReader:
    """Meets `console.parts.AuditLog`. config: a consumer's, for one request at a time each."""

    def __init__(self, config: Mapping[str, object], topic: str) -> None:
        self._config = {**config, "enable.partition.eof": True, "fetch.wait.max.ms": 50, "log_level": 0}
        self._topic = topic

    def latest(self, n_records: int = MAX_RECORDS) -> list[AuditRecord]:
        """At most that many of each partition's newest, newest first of all. Raises Unavailable."""
        consumer = Consumer(self._config)
        try:
            records = self._read(consumer, n_records)
        except KafkaException as error:
            raise Unavailable(f"topic {self._topic}: does not answer ({error})") from error
        finally:
            consumer.close()
        return sorted(records, key=lambda record: -record.at)[:n_records]

    def _read(self, consumer: Consumer, n_records: int) -> list[AuditRecord]:
        found = consumer.list_topics(self._topic, timeout=REQUEST_S).topics[self._topic]
        places = []
        for partition in found.partitions:
            begin, end = consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=REQUEST_S)
            if end > begin:
                places.append(TopicPartition(self._topic, partition, max(begin, end - n_records)))
        consumer.assign(places)
        left, records = {place.partition for place in places}, []
        give_up_at_s = time.monotonic() + READ_S
        while left and time.monotonic() < give_up_at_s:
            for message in consumer.consume(_BATCH, _POLL_S):
                error, value = message.error(), message.value()
                if error is None and value is not None:
                    try:
                        records.append(decode_audit(value))
                    except msgspec.DecodeError:
                        continue
                elif error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    left.discard(message.partition() or 0)
        return records
