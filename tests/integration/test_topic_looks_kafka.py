"""Looks into topics of a real Kafka: times, transactions, and what no embedded broker knows."""

from __future__ import annotations

import time

import pytest

from streams.adapters.topic_looks import KafkaTopics
from streams.brokers.connection import consumer_config
from streams.brokers.kafka import KafkaCluster
from streams.brokers.topic_admin import apply, is_embedded
from streams.brokers.topics import declared_topics
from streams.domain.topic_names import TopicNames
from streams.service.topic_reading import Span
from tests.support.brokers import RunningCluster, admin_of, kafka_at, producer_of, small_topics

pytestmark = pytest.mark.kafka


@pytest.fixture
def names(kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str) -> TopicNames:
    apply(admin_of(kafka_cluster.bootstrap_servers), declared_topics(small_topics(topic_prefix)))
    return TopicNames(topic_prefix)


def looks(cluster: KafkaCluster | RunningCluster) -> KafkaTopics:
    return KafkaTopics(consumer_config(kafka_at(cluster.bootstrap_servers), "braid-serve"), {}, is_embedded)


def test_a_span_begins_with_the_first_record_of_its_time(kafka_cluster: KafkaCluster | RunningCluster, names: TopicNames):
    topic, producer = names.events("shop"), producer_of(kafka_cluster.bootstrap_servers)
    producer.produce(topic, b"before", b"k", partition=0)
    assert producer.flush(60) == 0
    time.sleep(0.05)  # the broker stamps whole milliseconds
    between_s = time.time()
    time.sleep(0.05)
    producer.produce(topic, b"after", b"k", partition=0)
    assert producer.flush(60) == 0
    with looks(kafka_cluster).open() as look:
        assert look.since(topic, between_s) == {0: Span(1, 2), 1: Span(0, 0)}
        assert look.since(topic, between_s - 60) == {0: Span(0, 2), 1: Span(0, 0)}
        assert look.since(topic, between_s + 60) == {0: Span(2, 2), 1: Span(0, 0)}


def test_what_was_aborted_is_not_seen_and_what_ends_a_transaction_holds_nothing_up(
    kafka_cluster: KafkaCluster | RunningCluster, names: TopicNames
):
    topic = names.user_events
    producer = producer_of(kafka_cluster.bootstrap_servers, **{"transactional.id": f"{names.prefix}looks"})
    producer.init_transactions(20)
    for value, ends in ((b"kept", producer.commit_transaction), (b"aborted", producer.abort_transaction)):
        producer.begin_transaction()
        producer.produce(topic, value, b"k", partition=0)
        producer.flush(60)
        ends(20)
    with looks(kafka_cluster).open() as look:
        kept = look.kept(topic)
        assert kept[0] == Span(0, 4)
        assert [record.value for batch in look.read(topic, kept) for record in batch] == [b"kept"]
        assert look.since(topic, time.time() + 60)[0] == Span(4, 4)


def test_a_topic_that_is_not_there_is_empty_and_does_not_come_into_being(
    kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str
):
    with looks(kafka_cluster).open() as look:
        assert look.kept(f"{topic_prefix}events.gym") == {}
        assert look.since(f"{topic_prefix}events.gym", 0.0) == {}
    assert f"{topic_prefix}events.gym" not in admin_of(kafka_cluster.bootstrap_servers).list_topics(timeout=10).topics
