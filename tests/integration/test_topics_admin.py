from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)
from typer.testing import CliRunner

from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.kafka import KafkaCluster
from streams.brokers.ports import free_ports
from streams.brokers.topic_admin import Difference, apply, check
from streams.brokers.topics import declared_topics
from streams.cli.topics import app
from streams.errors import Unavailable
from tests.support.brokers import RunningCluster, admin_of, eventually, small_topics

Cluster = KafkaCluster | RunningCluster
kafka = pytest.mark.kafka


def set_config(cluster: Cluster, topic: str, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = admin_of(cluster.bootstrap_servers)
    admin.incremental_alter_configs([resource])[resource].result(10)
    asked = ConfigResource(ResourceType.TOPIC, topic)
    # Kafka writes a list in an order of its own.
    eventually(lambda: sorted(admin.describe_configs([asked])[asked].result(10)[name].value) == sorted(value))


@kafka
def test_what_was_applied_is_found_as_declared(kafka_cluster: Cluster, topic_prefix: str):
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    assert apply(admin, table) == [spec.name for spec in table]
    assert check(admin, table) == []


@kafka
def test_applying_again_creates_nothing(kafka_cluster: Cluster, topic_prefix: str):
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    apply(admin, table)
    assert apply(admin, table) == []


@kafka
def test_a_missing_topic_is_reported(kafka_cluster: Cluster, topic_prefix: str):
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    apply(admin, table[1:])
    assert check(admin, table) == [Difference(table[0].name, "topic", "present", "missing")]


@kafka
@pytest.mark.parametrize(
    ("topic", "setting", "value", "declared"),
    [
        ("events.shop", "message.timestamp.type", "CreateTime", "LogAppendTime"),
        ("profile-state", "cleanup.policy", "compact,delete", "compact"),
        ("user-events", "retention.ms", "1000", "604800000"),
        ("profiles", "unclean.leader.election.enable", "true", "false"),
    ],
)
def test_a_setting_changed_behind_our_back_is_reported(
    kafka_cluster: Cluster, topic_prefix: str, topic: str, setting: str, value: str, declared: str
):
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    apply(admin, table)
    set_config(kafka_cluster, topic_prefix + topic, setting, value)
    (difference,) = check(admin, table)
    assert (difference.topic, difference.field) == (topic_prefix + topic, setting)
    assert (set(difference.found.split(",")), difference.declared) == (set(value.split(",")), declared)


@kafka
def test_partitions_are_compared_and_never_added(kafka_cluster: Cluster, topic_prefix: str):
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    apply(admin, table)
    wanted = declared_topics(small_topics(topic_prefix, partitions=3))
    assert apply(admin, wanted) == []
    names = {difference.topic for difference in check(admin, wanted) if difference.field == "partitions"}
    in_one_order = {topic_prefix + name for name in ("identity", "identity-state", "dead-letters", "letter-state")}
    assert names == {spec.name for spec in table} - in_one_order
    identity = topic_prefix + "identity"
    admin.create_partitions([NewPartitions(identity, 2)])[identity].result(10)
    eventually(lambda: check(admin, table) == [Difference(identity, "partitions", "1", "2")])


@kafka
def test_fewer_replicas_than_declared_are_reported(kafka_cluster: Cluster, topic_prefix: str):
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    apply(admin, table)
    wanted = declared_topics(small_topics(topic_prefix, replication=3))
    found = [difference for difference in check(admin, wanted) if difference.field == "replication"]
    assert {(difference.declared, difference.found) for difference in found} == {("3", "1")}
    assert len(found) == len(table)


@kafka
def test_more_replicas_than_brokers_are_refused_with_the_setting_to_change(topic_prefix: str, kafka_cluster: Cluster):
    table = declared_topics(small_topics(topic_prefix, replication=9))
    with pytest.raises(Unavailable, match=r"cannot be created: .*BRAID_TOPICS__REPLICATION"):
        apply(admin_of(kafka_cluster.bootstrap_servers), table)


@kafka
def test_topics_of_others_are_left_alone_and_not_reported(kafka_cluster: Cluster, topic_prefix: str):
    admin, table = admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix))
    other = topic_prefix + "somebody-elses"
    admin.create_topics([NewTopic(other, 1, 1)])[other].result(10)
    apply(admin, table)
    assert check(admin, table) == []
    assert other in admin.list_topics(timeout=10).topics


def test_the_embedded_broker_makes_topics_and_says_what_it_cannot_tell(
    embedded_broker: EmbeddedBroker, topic_prefix: str
):
    admin = admin_of(embedded_broker.bootstrap_servers)
    table = declared_topics(small_topics(topic_prefix, partitions=4))
    assert {difference.found for difference in check(admin, table)} == {"missing"}
    assert apply(admin, table) == [spec.name for spec in table]
    differences = check(admin, table)
    faults = [difference for difference in differences if difference.kind == "fault"]
    assert faults == []
    assert len(differences) == len(table)


def test_without_a_broker_the_setting_and_the_remedy_are_said():
    (port,) = free_ports(1)
    with pytest.raises(Unavailable, match=r"BRAID_KAFKA__BOOTSTRAP_SERVERS.*braid broker kafka"):
        check(admin_of(f"127.0.0.1:{port}"), declared_topics(small_topics("")))


@kafka
def test_the_command_creates_then_agrees_then_disagrees(
    kafka_cluster: Cluster, topic_prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "gym.toml").touch()
    monkeypatch.setenv("BRAID_KAFKA__BOOTSTRAP_SERVERS", kafka_cluster.bootstrap_servers)
    monkeypatch.setenv("BRAID_TOPICS__PREFIX", topic_prefix)
    monkeypatch.setenv("BRAID_INGEST__MAPPINGS_DIR", str(tmp_path / "mappings"))
    command = CliRunner()
    before = command.invoke(app, ["check"])
    assert before.exit_code == 1
    assert "missing" in before.stdout
    created = json.loads(command.invoke(app, ["apply", "--json"]).stdout)["created"]
    assert topic_prefix + "events.gym" in created
    agreed = command.invoke(app, ["check", "--json"])
    assert (agreed.exit_code, json.loads(agreed.stdout)) == (0, {"differences": []})
    set_config(kafka_cluster, topic_prefix + "profiles", "cleanup.policy", "delete")
    changed = command.invoke(app, ["check", "--json"])
    assert changed.exit_code == 1
    assert json.loads(changed.stdout)["differences"] == [
        {
            "topic": topic_prefix + "profiles",
            "field": "cleanup.policy",
            "declared": "compact",
            "found": "delete",
            "kind": "fault",
        }
    ]
