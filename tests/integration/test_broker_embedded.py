from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from streams.brokers.connection import producer_config
from streams.brokers.embedded import EmbeddedBroker, InProcessBroker
from streams.brokers.ports import free_ports
from streams.errors import Unavailable, UsageError
from tests.support.brokers import REPOSITORY, admin_of, exit_of, kafka_at, producer_of, read_values

OWNER = """
from streams.brokers.embedded import EmbeddedBroker
broker = EmbeddedBroker().start()
print(broker.pid, flush=True)
input()
"""


def publish(bootstrap_servers: str, topic: str, values: list[bytes]) -> None:
    producer = producer_of(bootstrap_servers)
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(60) == 0


def test_what_is_published_can_be_read(embedded_broker: EmbeddedBroker, topic_prefix: str):
    values = [b"%d" % i for i in range(100)]
    publish(embedded_broker.bootstrap_servers, topic_prefix + "events", values)
    assert read_values(embedded_broker.bootstrap_servers, topic_prefix + "events", 100) == values


def test_transactions_are_accepted(embedded_broker: EmbeddedBroker, topic_prefix: str):
    producer = producer_of(embedded_broker.bootstrap_servers, **{"transactional.id": topic_prefix + "writer"})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(topic_prefix + "profiles", b"one", partition=0)
    producer.commit_transaction(10)
    assert read_values(embedded_broker.bootstrap_servers, topic_prefix + "profiles", 1) == [b"one"]


def test_the_process_is_gone_after_stop():
    broker = EmbeddedBroker().start()
    with exit_of(broker.pid) as process:
        broker.stop()
        assert process.comes_within(0)


def test_the_process_dies_with_its_owner():
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with exit_of(int(owner.stdout.readline())) as broker:
        assert not broker.comes_within(0)
        owner.kill()
        assert broker.comes_within(10)
    owner.communicate()


def test_a_port_asked_for_leads_to_the_broker(topic_prefix: str):
    (port,) = free_ports(1)
    with EmbeddedBroker(port=port) as broker:
        assert broker.bootstrap_servers == f"127.0.0.1:{port}"
        publish(broker.bootstrap_servers, topic_prefix + "events", [b"here"])
        assert read_values(broker.bootstrap_servers, topic_prefix + "events", 1) == [b"here"]


def test_a_port_that_is_taken_is_an_error_with_a_remedy():
    (port,) = free_ports(1)
    with InProcessBroker(port=port), pytest.raises(UsageError, match=f"--port {port}: .*; choose another"):
        InProcessBroker(port=port).start()


def test_a_broker_that_cannot_start_is_an_error_and_not_a_hang(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(Unavailable, match="ended before it was ready"):
        EmbeddedBroker(nodes=99).start()
    assert "--nodes 99" in capfd.readouterr().err


def test_several_brokers_make_one_cluster():
    with InProcessBroker(nodes=3) as broker:
        assert len(admin_of(broker.bootstrap_servers).list_topics(timeout=10).brokers) == 3


def test_an_in_process_broker_is_gone_after_stop():
    broker = InProcessBroker().start()
    servers = broker.bootstrap_servers
    broker.stop()
    assert not broker.is_alive
    # One attempt is enough to see that nobody listens.
    config = producer_config(kafka_at(servers), log_level=0, **{"message.timeout.ms": 500})
    producer = Producer(config)
    outcome: list[object] = []
    producer.produce("t", b"x", on_delivery=lambda error, _record: outcome.append(error))
    producer.flush(60)
    assert outcome
    assert outcome[0] is not None


def test_the_program_says_where_it_is_and_ends_on_sigterm():
    program = subprocess.Popen(
        [sys.executable, "-m", "streams.brokers.embedded"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    servers = json.loads(program.stdout.readline())["bootstrap_servers"]
    assert AdminClient({"bootstrap.servers": servers}).list_topics(timeout=10).brokers
    os.kill(program.pid, signal.SIGTERM)
    assert program.wait(60) == 0
    program.communicate()
