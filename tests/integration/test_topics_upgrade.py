"""What `braid topics upgrade` changes in place, and what it leaves to the operator."""

from __future__ import annotations

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from streams.brokers import topic_upgrades
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.kafka import KafkaCluster
from streams.brokers.topic_admin import Difference, apply, check
from streams.brokers.topic_upgrades import Step, plan, upgrade
from streams.brokers.topics import TopicSpec, declared_topics
from tests.support.brokers import RunningCluster, admin_of, eventually, small_topics

EVENTS = TopicSpec("events.shop", 4, 1, may_grow=True)
STATE = TopicSpec("profile-state", 4, 1)


def step_of(monkeypatch: pytest.MonkeyPatch, spec: TopicSpec, field: str, declared: str, found: str) -> Step:
    """Of one difference, on a cluster where every topic has one replica."""

    class Topic:
        partitions = {0: type("Partition", (), {"replicas": [1]})}  # noqa: RUF012

    cluster = type("Cluster", (), {"topics": {spec.name: Topic}})
    monkeypatch.setattr(topic_upgrades, "check", lambda *_: [Difference(spec.name, field, declared, found)])
    monkeypatch.setattr(topic_upgrades, "cluster_metadata", lambda *_: cluster)
    (step,) = plan(None, [spec])  # type: ignore[arg-type]  # no admin client is asked
    return step


@pytest.mark.parametrize(
    ("spec", "field", "declared", "found"),
    [
        (EVENTS, "partitions", "8", "4"),
        (STATE, "retention.ms", "700", "600"),
        (STATE, "cleanup.policy", "compact", "compact,delete"),
        (STATE, "segment.ms", "5", "6"),
        (STATE, "min.insync.replicas", "1", "2"),
        (STATE, "message.timestamp.type", "LogAppendTime", "CreateTime"),
    ],
)
def test_what_loses_nothing_is_changed(
    monkeypatch: pytest.MonkeyPatch, spec: TopicSpec, field: str, declared: str, found: str
) -> None:
    assert step_of(monkeypatch, spec, field, declared, found).kind == "change"


@pytest.mark.parametrize(
    ("spec", "field", "declared", "found", "why"),
    [
        (STATE, "topic", "present", "missing", "braid topics apply"),
        (STATE, "partitions", "8", "4", "keys would go elsewhere"),
        (EVENTS, "partitions", "2", "4", "BRAID_TOPICS__PARTITIONS"),
        (STATE, "replication", "3", "1", "kafka-reassign-partitions.sh"),
        (EVENTS, "retention.ms", "600", "700", "records would go"),
        (EVENTS, "max.message.bytes", "600", "700", "refused"),
        (STATE, "cleanup.policy", "compact,delete", "compact", "would be deleted"),
        (STATE, "min.insync.replicas", "2", "1", "nothing could be written"),
        (EVENTS, "retention.ms", "600", "unknown to this broker", "kafka-configs.sh"),
    ],
)
def test_what_would_lose_something_is_left_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, spec: TopicSpec, field: str, declared: str, found: str, why: str
) -> None:
    step = step_of(monkeypatch, spec, field, declared, found)
    assert step.kind == "leave"
    assert why in step.why


def test_on_the_embedded_broker_there_is_nothing_to_change(embedded_broker: EmbeddedBroker, topic_prefix: str) -> None:
    admin, table = admin_of(embedded_broker.bootstrap_servers), declared_topics(small_topics(topic_prefix, partitions=4))
    apply(admin, table)
    assert plan(admin, table) == []
    upgrade(admin, [])


@pytest.mark.kafka
def test_a_cluster_is_brought_to_the_declaration_and_keyed_topics_keep_their_partitions(
    kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str
) -> None:
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    apply(admin, table)
    entry = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, f"{topic_prefix}user-events", incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(10)
    eventually(lambda: check(admin, table) != [])
    wanted = declared_topics(small_topics(topic_prefix, partitions=3))
    steps = plan(admin, wanted)
    changed = {(step.topic.removeprefix(topic_prefix), step.field) for step in steps if step.kind == "change"}
    assert changed == {("events.shop", "partitions"), ("events.video", "partitions"), ("user-events", "retention.ms")}
    assert {step.field for step in steps if step.kind == "leave"} == {"partitions"}
    assert check(admin, table) != []  # a plan changes nothing
    upgrade(admin, steps)
    eventually(lambda: check(admin, table) == [])
    assert len(admin.list_topics(timeout=10).topics[f"{topic_prefix}events.shop"].partitions) == 3
    assert [step for step in plan(admin, wanted) if step.kind == "change"] == []
