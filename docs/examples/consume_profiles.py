"""Reads `profiles` with a plain Kafka client and MessagePack, as one of a group.

    pip install confluent-kafka msgpack
    python -m docs.examples.consume_profiles 127.0.0.1:9092
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import msgpack
from confluent_kafka import Consumer

TOPIC = "profiles"
Profile = dict[str, Any]


def changes(
    bootstrap_servers: str, topic: str = TOPIC, group: str = "newsletter"
) -> Iterator[tuple[str, Profile | None]]:
    """Each change of a profile: its id and the whole new profile, or None when it is gone. Never ends.

    A change may come again after a restart, so what is done with it must be fit to be done twice.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": group,
            "isolation.level": "read_committed",  # what a worker took back was never there
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    try:
        while True:
            record = consumer.poll(1.0)
            if record is None:
                continue
            if record.error():
                print(record.error(), file=sys.stderr)  # the client tries again by itself
                continue
            value = record.value()
            yield record.key().decode(), None if value is None else msgpack.unpackb(value)
            consumer.commit(record, asynchronous=False)  # after the work, never before
    finally:
        consumer.close()


def interests(profile: Profile, most: int = 3) -> list[str]:
    """The tags that weigh most, in words; none when the person has switched choosing off."""
    liked = [tag for tag in profile["tags"] if tag["score"] > 0] if profile["personalised"] else []
    return [tag["tag"] for tag in sorted(liked, key=lambda tag: -tag["score"])[:most]]


if __name__ == "__main__":
    for profile_id, profile in changes(sys.argv[1]):
        print(profile_id, "gone" if profile is None else interests(profile))
