from __future__ import annotations

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from hypothesis import given
from hypothesis import strategies as st

from streams.brokers.connection import admin_config, client_config, consumer_config, producer_config
from streams.brokers.limits import DEAD_LETTER_MAX_BYTES
from streams.settings import Kafka

SECURED = Kafka(security_protocol="SASL_SSL", sasl_username="braid", sasl_password="hush", ssl_ca_file="/ca.pem")


def test_a_plain_connection_carries_no_credentials():
    config = client_config(Kafka(sasl_username="braid", sasl_password="hush"))
    assert not [name for name in config if name.startswith(("sasl", "ssl"))]
    assert "hush" not in config.values()


def test_a_secured_connection_carries_mechanism_user_password_and_authority():
    config = client_config(SECURED)
    assert config["security.protocol"] == "SASL_SSL"
    assert config["sasl.mechanism"] == "SCRAM-SHA-512"
    assert (config["sasl.username"], config["sasl.password"]) == ("braid", "hush")
    assert config["ssl.ca.location"] == "/ca.pem"


def test_without_an_authority_the_systems_own_are_trusted():
    assert "ssl.ca.location" not in client_config(Kafka(security_protocol="SSL"))


def test_what_a_caller_adds_wins():
    assert client_config(Kafka(), **{"client.id": "tail"})["client.id"] == "tail"
    assert consumer_config(Kafka(), "g", **{"auto.offset.reset": "latest"})["auto.offset.reset"] == "latest"


def test_producers_wait_for_all_replicas_and_place_keys_as_java_does():
    config = producer_config(Kafka())
    assert config["acks"] == "all"
    assert config["enable.idempotence"] is True
    assert config["partitioner"] == "murmur2_random"
    assert config["retry.backoff.ms"] <= 5


def test_producers_can_send_the_largest_dead_letter():
    assert producer_config(Kafka())["message.max.bytes"] == DEAD_LETTER_MAX_BYTES


def test_consumers_see_committed_records_only_and_commit_nothing_by_themselves():
    config = consumer_config(Kafka(), "serve")
    assert config["group.id"] == "serve"
    assert config["isolation.level"] == "read_committed"
    assert config["enable.auto.commit"] is False


@given(st.floats(min_value=1, max_value=90))
def test_three_heartbeats_fit_into_every_session(timeout_s: float):
    config = consumer_config(Kafka(session_timeout_s=timeout_s), "g")
    assert 3 * config["heartbeat.interval.ms"] <= config["session.timeout.ms"]


@pytest.mark.parametrize("kafka", [Kafka(), SECURED.model_copy(update={"ssl_ca_file": ""})])
def test_librdkafka_accepts_every_name_and_value(kafka: Kafka):
    Producer(producer_config(kafka, log_level=0))
    Consumer(consumer_config(kafka, "g", log_level=0))
    AdminClient(admin_config(kafka))
