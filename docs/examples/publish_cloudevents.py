"""Publishes a behaviour event with the official CloudEvents SDK.

    pip install cloudevents confluent-kafka
    python -m docs.examples.publish_cloudevents 127.0.0.1:9092
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cloudevents.core.bindings.kafka import KafkaMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer


def an_event(at: datetime, account: str, item: dict[str, Any]) -> CloudEvent:
    """What `account` did at `at`: looked at an item. A new id each: sent twice with the same id it counts once."""
    attributes = {
        "id": str(uuid4()),
        "source": "/platforms/shop-eu",
        "type": "shop.product.viewed",
        "time": at,
        "subject": account,
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes=attributes, data={"item": item, "dwell_s": 42})


def messages(event: CloudEvent) -> list[KafkaMessage]:
    """The two forms that the Kafka binding knows. Braid reads either; here both are sent, and count once."""
    return [to_structured(event, JSONFormat()), to_binary(event, JSONFormat())]


def publish(bootstrap_servers: str, topic: str, sent: list[KafkaMessage]) -> None:
    """Returns when the broker has them all. Raises RuntimeError when it has not."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all", "enable.idempotence": True})
    for message in sent:
        producer.produce(topic, message.value, message.key, headers=list(message.headers.items()))
    if producer.flush(10):
        raise RuntimeError(f"{bootstrap_servers}: not all events were taken")


if __name__ == "__main__":
    shoe = {"item_id": "sku-1", "title": "Trail shoe", "category": "Shoes", "price": 89.5, "currency": "EUR"}
    publish(sys.argv[1], "events.shop", messages(an_event(datetime.now(UTC), "u-1", shoe)))
