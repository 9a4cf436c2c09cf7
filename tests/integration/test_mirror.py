"""H11: `braid mirror` copies the profiles as JSON, on the embedded broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from threading import Event

import pytest
from confluent_kafka import Producer

from streams.adapters.profile_mirror import Mirrored
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.topic_admin import apply, check
from streams.brokers.topics import declared_topics, mirror_topic
from streams.domain.profiles import encode_profile
from streams.errors import Unavailable, UsageError
from streams.mirror_app import run_mirror
from streams.settings import Kafka, Settings, Topics
from tests.support.brokers import admin_of, producer_of
from tests.support.copied_records import Copied, records_of
from tests.support.sample_profiles import a_profile

pytestmark = pytest.mark.requirement("H11")
COPY = "profiles-json"


@pytest.fixture
def settings(embedded_broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    return Settings(
        kafka=Kafka(bootstrap_servers=embedded_broker.bootstrap_servers),
        topics=Topics(prefix=topic_prefix, platforms=("shop",)),
        metrics={"port": 0},
    )


@pytest.fixture
def publish(settings: Settings) -> Callable[..., None]:
    producer: Producer = producer_of(settings.kafka.bootstrap_servers)

    def records(*pairs: tuple[str, bytes | None]) -> None:
        for key, value in pairs:
            producer.produce(f"{settings.topics.prefix}profiles", value, key)
        assert producer.flush(60) == 0

    return records


def mirrored(settings: Settings) -> Mirrored:
    return run_mirror(settings, COPY, Event(), with_vectors=False, until_end=True)


def copies(settings: Settings) -> list[Copied]:
    return records_of(settings.kafka.bootstrap_servers, f"{settings.topics.prefix}{COPY}")


def revisions(found: list[Copied], key: str) -> list[int | None]:
    return [each.value and json.loads(each.value)["revision"] for each in found if each.key == key]


def a_value(profile_id: str, revision: int) -> bytes:
    return encode_profile(a_profile(profile_id, revision))


def test_values_become_json_keys_stay_and_deletions_are_deletions(settings, publish) -> None:
    publish(("u-1", a_value("u-1", 1)), ("u-2", a_value("u-2", 1)), ("u-1", a_value("u-1", 2)), ("u-2", None))
    publish(("u-3", b"\xc1"), ("u-3", a_value("u-3", 5)))
    assert mirrored(settings) == Mirrored(n_profiles=4, n_deletions=1, n_unreadable=1)
    found = copies(settings)
    assert {each.content_type for each in found} == {"application/json"}
    assert [revisions(found, key) for key in ("u-1", "u-2", "u-3")] == [[1, 2], [1, None], [5]]


@pytest.mark.kafka
def test_the_copy_is_compacted_and_each_key_keeps_its_partition(kafka_cluster, topic_prefix) -> None:
    bootstrap_servers = kafka_cluster.bootstrap_servers
    topics = Topics(prefix=topic_prefix, platforms=("shop",), partitions=3)
    admin = admin_of(bootstrap_servers)
    apply(admin, declared_topics(topics))
    producer = producer_of(bootstrap_servers)
    for number in range(20):
        producer.produce(f"{topic_prefix}profiles", a_value(f"u-{number}", 1), f"u-{number}")
    assert producer.flush(60) == 0
    settings = Settings(kafka=Kafka(bootstrap_servers=bootstrap_servers), topics=topics, metrics={"port": 0})
    assert mirrored(settings) == Mirrored(20, 0, 0)
    assert check(admin, (mirror_topic(topics, f"{topic_prefix}{COPY}", 3),)) == []
    places = [
        {each.key: each.partition for each in records_of(bootstrap_servers, f"{topic_prefix}{topic}")}
        for topic in ("profiles", COPY)
    ]
    assert places[0] == places[1]


@pytest.mark.kafka
def test_a_restart_goes_on_where_copies_were_confirmed(kafka_cluster, topic_prefix, monkeypatch) -> None:
    bootstrap_servers = kafka_cluster.bootstrap_servers
    topics = Topics(prefix=topic_prefix, platforms=("shop",), partitions=1)
    apply(admin_of(bootstrap_servers), declared_topics(topics))
    settings = Settings(kafka=Kafka(bootstrap_servers=bootstrap_servers), topics=topics, metrics={"port": 0})
    producer = producer_of(bootstrap_servers)
    for revision in (1, 2):
        producer.produce(f"{topic_prefix}profiles", a_value("u-1", revision), "u-1")
        assert producer.flush(60) == 0
        with monkeypatch.context() as broken:
            broken.setattr("streams.mirror_app.ConfirmedWriter.write", lambda _, records: [False] * len(records))
            with pytest.raises(Unavailable, match="not confirmed"):
                mirrored(settings)
        assert mirrored(settings) == Mirrored(1, 0, 0)
    assert revisions(copies(settings), "u-1") == [1, 2]


@pytest.mark.parametrize("to", ["profiles", "user-events", "events.shop", "dead-letters"])
def test_topics_of_braid_are_no_place_for_copies(settings, to: str) -> None:
    with pytest.raises(UsageError, match="--to"):
        run_mirror(settings, to, Event(), with_vectors=False, until_end=True)


def test_the_command_copies_vectors_too_until_sigterm_and_says_how_many(settings, publish) -> None:
    publish(("u-1", a_value("u-1", 1)), ("u-1", None))
    environment = os.environ | {
        "BRAID_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "BRAID_TOPICS__PREFIX": settings.topics.prefix,
        "BRAID_METRICS__PORT": "0",
    }
    command = [sys.executable, "-m", "streams", "mirror", "--to", COPY, "--vectors"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            copy, deletion = records_of(settings.kafka.bootstrap_servers, f"{settings.topics.prefix}{COPY}", 2)
        finally:
            process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "1 profiles, 1 deletions copied, 0 left out" in said
    assert deletion.value is None
    profile = json.loads(copy.value)
    assert len(profile["vectors"]["long"]) == profile["model"]["dim"]
