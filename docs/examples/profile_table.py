"""Keeps all profiles in a table of one's own, as a global table of Kafka Streams does.

Every process reads every partition from the beginning and commits nothing; the table is in memory, so it is made anew
at each start. For a table that outlives a restart, keep the offsets beside the rows and begin there.

    pip install confluent-kafka msgpack
    python -m docs.examples.profile_table 127.0.0.1:9092
"""

from __future__ import annotations

import sys
from typing import Any

import msgpack
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

TOPIC = "profiles"


class ProfileTable:
    """Profiles by id: the newest revision of each that is not gone."""

    def __init__(self) -> None:
        self.profiles: dict[str, dict[str, Any]] = {}

    def apply(self, profile_id: str, value: bytes | None) -> bool:
        """Whether the table has changed. A revision that is not above the one that is there comes late: dropped."""
        if value is None:
            # Who comes back after this is a new life, which begins at revision 1.
            return self.profiles.pop(profile_id, None) is not None
        profile = msgpack.unpackb(value)
        known = self.profiles.get(profile_id)
        if known is not None and profile["revision"] <= known["revision"]:
            return False
        self.profiles[profile_id] = profile
        return True

    def follow_merges(self, profile_id: str) -> dict[str, Any] | None:
        """The profile, or the one that its accounts went to."""
        profile = self.profiles.get(profile_id)
        merged_into = profile["identity"]["merged_into"] if profile else None
        return self.profiles.get(merged_into, profile) if merged_into else profile


def fill(table: ProfileTable, bootstrap_servers: str, topic: str = TOPIC) -> None:
    """Read everything that is in the topic at present. A server would go on where this returns."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "profile-reader",  # asked for by the client, never joined
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        unread = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unread])
        while unread:
            record = consumer.poll(1.0)
            if record is None:
                continue
            error = record.error()
            if error is None:
                table.apply(record.key().decode(), record.value())
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                unread.discard(record.partition())
            else:
                print(error, file=sys.stderr)
    finally:
        consumer.close()


if __name__ == "__main__":
    table = ProfileTable()
    fill(table, sys.argv[1])
    print(len(table.profiles), "profiles")
