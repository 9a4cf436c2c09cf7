"""Brokers for tests: one real Kafka and one embedded broker a run, and what tests of them share."""

from __future__ import annotations

import os
import select
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from streams.brokers.connection import admin_config, consumer_config, producer_config
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.kafka import KafkaCluster
from streams.brokers.maven import KAFKA_VERSION, find_java
from streams.errors import Unavailable
from streams.maven import default_cache_dir
from streams.settings import Kafka, Topics

RUNNING_CLUSTER = "BRAID_TEST_KAFKA"
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningCluster:
    """A cluster that somebody else started and that tests may talk to, not kill."""

    bootstrap_servers: str


def skip_without_kafka() -> None:
    """Skip when this machine cannot run Kafka at all; anything else that goes wrong is a failure."""
    try:
        find_java()
    except Unavailable as reason:
        pytest.skip(str(reason))
    if shutil.which("mvn") is None and not (default_cache_dir() / f"kafka-{KAFKA_VERSION}" / "jars").is_dir():
        pytest.skip("mvn is not on the PATH and the jars of Kafka are not cached")


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[KafkaCluster | RunningCluster]:
    """One node for the whole run; `BRAID_TEST_KAFKA=host:port` names a running cluster instead."""
    running = os.environ.get(RUNNING_CLUSTER)
    if running:
        yield RunningCluster(running)
        return
    skip_without_kafka()
    with KafkaCluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """One embedded broker for the whole run, in a process of its own."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def topic_prefix() -> str:
    """Keeps the topics of one test apart from all others on a shared broker."""
    return f"t{uuid.uuid4().hex[:12]}."


def kafka_at(bootstrap_servers: str) -> Kafka:
    return Kafka(bootstrap_servers=bootstrap_servers)


def admin_of(bootstrap_servers: str) -> AdminClient:
    return AdminClient(admin_config(kafka_at(bootstrap_servers)))


def producer_of(bootstrap_servers: str, **extra: object) -> Producer:
    return Producer(producer_config(kafka_at(bootstrap_servers), **extra))


def small_topics(prefix: str, **changes: object) -> Topics:
    return Topics(**({"prefix": prefix, "platforms": ("shop", "video"), "partitions": 2} | changes))


def read_values(bootstrap_servers: str, topic: str, n_records: int, timeout_s: float = 60) -> list[bytes]:
    """The first committed values of a topic, in the order of arrival."""
    consumer = Consumer(consumer_config(kafka_at(bootstrap_servers), f"test-{uuid.uuid4().hex}"))
    try:
        consumer.subscribe([topic])
        records = consumer.consume(n_records, timeout_s)
        return [record.value() for record in records if record.error() is None]
    finally:
        consumer.close()


def eventually(holds: Callable[[], bool], timeout_s: float = 60) -> None:
    """For what a cluster does after it has answered and tells nobody about."""
    give_up_at_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < give_up_at_s, f"not within {timeout_s} s"
        time.sleep(0.02)


@contextmanager
def exit_of(pid: int) -> Iterator[ExitWatch]:
    """Watch a process that is not our child; open it while it is known to live."""
    handle = os.pidfd_open(pid)
    try:
        yield ExitWatch(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class ExitWatch:
    handle: int

    def comes_within(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self.handle], [], [], timeout_s)
        return bool(ready)
