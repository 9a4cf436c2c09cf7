"""What stands in a topic, key by key."""

from __future__ import annotations

import time
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from streams.brokers.connection import consumer_config
from tests.support.brokers import kafka_at


class Copied(NamedTuple):
    key: str
    value: bytes | None
    content_type: str
    partition: int


def records_of(bootstrap_servers: str, topic: str, n_records: int | None = None, timeout_s: float = 30) -> list[Copied]:
    """All records up to the present end, or as soon as there are `n_records`; each key's in its order."""
    consumer = Consumer(consumer_config(kafka_at(bootstrap_servers), "test-copies", **{"enable.partition.eof": True}))
    left: set[int] = set()
    found: list[Copied] = []
    give_up_at_s = time.monotonic() + timeout_s
    while not left:  # asking the embedded broker makes the topic, a moment later
        assert time.monotonic() < give_up_at_s, f"no topic {topic} within {timeout_s} s"
        left = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in left])
    try:
        while (len(found) < n_records) if n_records else left:
            assert time.monotonic() < give_up_at_s, f"{len(found)} records within {timeout_s} s"
            record = consumer.poll(0.2)
            if record is None:
                continue
            if record.error() is None:
                content_type = dict(record.headers() or ()).get("content-type", b"").decode()
                found.append(Copied(record.key().decode(), record.value(), content_type, record.partition()))
            elif record.error().code() == KafkaError._PARTITION_EOF:
                left.discard(record.partition())
    finally:
        consumer.close()
    return found
