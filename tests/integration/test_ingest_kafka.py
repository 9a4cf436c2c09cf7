"""Events over HTTP while the broker is restarted: what was accepted is there, whatever was answered in between."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.brokers.connection import consumer_config
from streams.brokers.kafka import KafkaCluster
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.ingest_app import Ingest
from streams.settings import IngestApi, Settings
from tests.support.brokers import admin_of, eventually, kafka_at, skip_without_kafka, small_topics
from tests.support.ingest import BATCH, SHOP_KEY, an_event

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

HEADERS = {"Authorization": f"Bearer {SHOP_KEY}", "Content-Type": BATCH}
BATCH_EVENTS = 20


class Sender:
    """Sends one batch after the other until told to stop, each until it is accepted."""

    def __init__(self, url: str) -> None:
        self.accepted: list[str] = []
        self.statuses: Counter[int] = Counter()
        self._stopped = threading.Event()
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self._thread = threading.Thread(target=self._send_all)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._client.close()

    def _send_all(self) -> None:
        number = 0
        while not self._stopped.is_set():
            self._send([an_event(at) for at in range(number, number + BATCH_EVENTS)])
            number += BATCH_EVENTS

    def _send(self, batch: list[dict[str, object]]) -> None:
        while True:
            answer = self._client.post("/v1/events", json=batch, headers=HEADERS)
            self.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                self.accepted += [event["id"] for event in answer.json()["events"]]
                return
            time.sleep(float(answer.headers["Retry-After"]))


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    """Of its own: it is stopped and started."""
    skip_without_kafka()
    with KafkaCluster() as started:
        yield started


@pytest.mark.requirement("A1", "Q4")
def test_no_accepted_event_is_lost_when_the_broker_is_restarted(cluster: KafkaCluster, topic_prefix: str) -> None:
    servers, topics = cluster.bootstrap_servers, small_topics(topic_prefix)
    apply(admin_of(servers), declared_topics(topics))
    api = IngestApi(port=0, operator_port=0, keys={SHOP_KEY: "shop"}, rate_per_s=0)
    ingest = Ingest(Settings(kafka=kafka_at(servers), topics=topics, ingest_api=api))
    ingest.start()
    eventually(lambda: not ingest.missing(), 30)
    sender = Sender(ingest.url)
    try:
        eventually(lambda: len(sender.accepted) > 200, 30)
        cluster.stop_node(1)
        eventually(lambda: sender.statuses[503] > 0, 30)
        n_before = len(sender.accepted)
        cluster.restart(1)
        eventually(lambda: len(sender.accepted) > n_before + 200, 30)
    finally:
        sender.stop()
        ingest.stop()
    assert set(sender.accepted) <= ids_in(servers, f"{topic_prefix}events.shop")


def ids_in(servers: str, topic: str) -> set[str]:
    """Of every event in both partitions, up to where they end now."""
    consumer = Consumer(consumer_config(kafka_at(servers), "test-ingest"))
    partitions = [TopicPartition(topic, number, 0) for number in range(2)]
    n_left = sum(consumer.get_watermark_offsets(partition, 30)[1] for partition in partitions)
    consumer.assign(partitions)
    found = set()
    while n_left:
        records = consumer.consume(n_left, 30)
        assert records
        found |= {json.loads(record.value() or b"")["id"] for record in records if record.error() is None}
        n_left -= len(records)
    consumer.close()
    return found
