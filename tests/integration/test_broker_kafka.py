from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import NewTopic

from streams.brokers.kafka import KafkaCluster
from streams.brokers.limits import INPUT_MAX_BYTES
from streams.errors import Unavailable
from tests.support.brokers import (
    REPOSITORY,
    RunningCluster,
    admin_of,
    eventually,
    exit_of,
    producer_of,
    read_values,
    skip_without_kafka,
)

pytestmark = pytest.mark.kafka

OWNER = """
from streams.brokers.kafka import KafkaCluster
cluster = KafkaCluster().start()
print(cluster.pid(1), cluster.log_file(1).parents[1], flush=True)
input()
"""


@pytest.fixture(autouse=True)
def _kafka_can_run() -> None:
    skip_without_kafka()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KafkaCluster]:
    with KafkaCluster(data_dir=tmp_path) as cluster:
        yield cluster


def create(bootstrap_servers: str, topic: str, replication: int = 1, **config: str) -> None:
    new = NewTopic(topic, num_partitions=1, replication_factor=replication, config=config)
    admin = admin_of(bootstrap_servers)
    admin.create_topics([new], operation_timeout=20)[topic].result(30)


def publish(bootstrap_servers: str, topic: str, *values: bytes) -> None:
    producer = producer_of(bootstrap_servers, log_level=0)
    failures: list[KafkaError] = []
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _record: error and failures.append(error))
    assert producer.flush(30) == 0
    if failures:
        raise KafkaException(failures[0])


def test_a_transaction_that_commits_is_read_and_one_that_aborts_is_not(
    kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str
):
    servers, topic = kafka_cluster.bootstrap_servers, topic_prefix + "profiles"
    create(servers, topic)
    producer = producer_of(servers, **{"transactional.id": topic_prefix + "writer"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"aborted")
    producer.flush(60)
    producer.abort_transaction(10)
    producer.begin_transaction()
    producer.produce(topic, b"committed")
    producer.commit_transaction(10)
    assert read_values(servers, topic, 1) == [b"committed"]


def test_a_second_producer_of_the_same_id_fences_the_first(
    kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str
):
    servers, topic = kafka_cluster.bootstrap_servers, topic_prefix + "profiles"
    create(servers, topic)
    first, second = (
        producer_of(servers, log_level=0, **{"transactional.id": topic_prefix + "writer"}) for _ in range(2)
    )
    first.init_transactions(20)
    first.begin_transaction()
    second.init_transactions(20)
    first.produce(topic, b"from the dead")
    with pytest.raises(KafkaException) as caught:
        first.commit_transaction(20)
    assert caught.value.args[0].code() == KafkaError._FENCED


def test_a_misspelt_topic_does_not_come_into_being(kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str):
    admin = admin_of(kafka_cluster.bootstrap_servers)
    admin.list_topics(topic_prefix + "profils", timeout=10)
    assert topic_prefix + "profils" not in admin.list_topics(timeout=10).topics


@pytest.mark.requirement("H12")
@pytest.mark.slow
def test_data_outlive_a_clean_stop_and_a_crash(kept: KafkaCluster):
    servers = kept.bootstrap_servers
    create(servers, "events.shop")
    publish(servers, "events.shop", b"before the stop")
    kept.stop_node(1)
    assert not kept.is_alive
    kept.restart(1)
    publish(servers, "events.shop", b"before the crash")
    kept.kill(1)
    kept.restart(1)
    assert read_values(servers, "events.shop", 2) == [b"before the stop", b"before the crash"]


@pytest.mark.slow
def test_a_cluster_started_again_on_its_folder_has_its_data_and_a_wiped_one_has_none(tmp_path: Path):
    cluster = KafkaCluster(data_dir=tmp_path)
    with cluster:
        create(cluster.bootstrap_servers, "events.shop")
        publish(cluster.bootstrap_servers, "events.shop", b"kept")
    with cluster:
        assert read_values(cluster.bootstrap_servers, "events.shop", 1) == [b"kept"]
        cluster.wipe()
    with cluster:
        assert "events.shop" not in admin_of(cluster.bootstrap_servers).list_topics(timeout=10).topics


@pytest.mark.slow
def test_nothing_is_left_after_stop():
    cluster = KafkaCluster().start()
    folder = cluster.log_file(1).parents[1]
    assert cluster.log_file(1).stat().st_size > 0
    with exit_of(cluster.pid(1)) as process:
        cluster.stop()
        assert process.comes_within(0)
    assert not folder.exists()


@pytest.mark.slow
def test_kafka_and_its_temporary_folder_die_with_their_owner():
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid, folder = owner.stdout.readline().split()
    with exit_of(int(pid)) as node:
        assert not node.comes_within(0)
        owner.kill()
        assert node.comes_within(15)
    eventually(lambda: not Path(folder).exists())
    owner.communicate()


@pytest.mark.slow
def test_a_stopped_node_can_be_killed():
    with KafkaCluster() as cluster:
        pid = cluster.pid(1)
        with exit_of(pid) as process:
            os.kill(pid, signal.SIGSTOP)
            cluster.kill(1)
            assert process.comes_within(0)


@pytest.mark.slow
def test_a_property_that_kafka_refuses_is_named():
    with pytest.raises(Unavailable, match=r"Kafka cannot prepare .*num\.io\.threads.*; mend the property"):
        KafkaCluster(overrides={"num.io.threads": "none"}).start()


@pytest.mark.slow
def test_a_node_that_ends_while_starting_is_told_with_its_last_words():
    with pytest.raises(Unavailable, match=r"node 1 ended: .*no\.such\.Reporter.*; see .*kafka\.log"):
        KafkaCluster(overrides={"metric.reporters": "no.such.Reporter"}).start()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_three_nodes_lose_one_and_go_on_with_transactions_and_take_it_back(tmp_path: Path):
    with KafkaCluster(nodes=3, data_dir=tmp_path, heap_mib=512) as cluster:
        servers = cluster.bootstrap_servers
        create(servers, "profiles", replication=3, **{"min.insync.replicas": "2"})
        publish(servers, "profiles", b"with three")
        cluster.kill(1)
        assert not cluster.is_alive
        producer = producer_of(servers, log_level=0, **{"transactional.id": "writer"})
        producer.init_transactions(60)
        producer.begin_transaction()
        producer.produce("profiles", b"with two")
        producer.commit_transaction(60)
        cluster.restart(1)
        assert cluster.is_alive
        assert read_values(servers, "profiles", 2, timeout_s=40) == [b"with three", b"with two"]


@pytest.mark.requirement("A7")
def test_a_topic_takes_a_record_up_to_its_own_bound_only(
    kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str
):
    servers = kafka_cluster.bootstrap_servers
    wide, narrow = topic_prefix + "events.shop", topic_prefix + "user-events"
    create(servers, wide, **{"max.message.bytes": str(INPUT_MAX_BYTES)})
    create(servers, narrow, **{"max.message.bytes": "1048576"})
    large = bytes(INPUT_MAX_BYTES - 1_000)
    publish(servers, wide, large, b"after it")
    with pytest.raises(KafkaException) as caught:
        publish(servers, narrow, large)
    assert caught.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE
    assert read_values(servers, wide, 2) == [large, b"after it"]
