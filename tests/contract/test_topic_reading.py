"""The port TopicReading: what holds in memory and on a broker alike, and that nobody notices a look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from streams.adapters.topic_looks import KafkaTopics
from streams.brokers.connection import consumer_config, producer_config
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.topic_admin import is_embedded
from streams.domain.raw import RawRecord
from streams.errors import Unavailable
from streams.service.topic_reading import Span, Topics
from tests.support.brokers import kafka_at
from tests.support.topic_readings import MemoryTopics

GROUP = "braid-normalise"


@dataclass
class Looked:
    """Topics that can be written to. send: (topic, partition, values). commit: the stage `normalise` goes on from."""

    topics: Topics
    send: Callable[[str, int, Sequence[bytes]], None]
    commit: Callable[[str, int, int], None]


@pytest.fixture(params=["memory", "kafka"])
def looked(request: pytest.FixtureRequest) -> Iterator[Looked]:
    if request.param == "memory":
        memory = MemoryTopics()

        def put(topic: str, partition: int, values: Sequence[bytes]) -> None:
            for value in values:
                memory.put(topic, value, partition=partition, at_s=time.time())

        yield Looked(memory, put, lambda topic, partition, offset: memory.stands.update({("normalise", topic, partition): offset}))
        return
    with EmbeddedBroker() as broker:
        config = consumer_config(kafka_at(broker.bootstrap_servers), "braid-serve")
        topics = KafkaTopics(config, {"normalise": GROUP}, is_embedded)
        servers = broker.bootstrap_servers
        yield Looked(topics, partial(produced, servers), partial(committed, servers))


def produced(servers: str, topic: str, partition: int, values: Sequence[bytes]) -> None:
    producer = Producer(producer_config(kafka_at(servers)))
    for value in values:
        producer.produce(topic, value, b"k", partition=partition)
    assert producer.flush(60) == 0


def committed(servers: str, topic: str, partition: int, offset: int) -> None:
    consumer = Consumer(consumer_config(kafka_at(servers), GROUP))
    consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
    consumer.close()


def read(topics: Topics, topic: str, spans: dict[int, Span]) -> list[RawRecord]:
    with topics.open() as look:
        return [record for batch in look.read(topic, spans) for record in batch]


def test_records_of_a_span_come_in_order_and_no_others(looked: Looked) -> None:
    looked.send("events.shop", 0, [b"%d" % number for number in range(30)])
    looked.send("events.shop", 1, [b"a", b"b"])
    found = read(looked.topics, "events.shop", {0: Span(5, 12), 1: Span(0, 2)})
    assert [record.value for record in found if record.partition == 0] == [b"%d" % number for number in range(5, 12)]
    assert [(record.offset, record.value) for record in found if record.partition == 1] == [(0, b"a"), (1, b"b")]
    assert {record.topic for record in found} == {"events.shop"}
    assert all(abs(record.timestamp_s - time.time()) < 60 for record in found)
    assert {record.key for record in found} == {b"k"}


def test_an_empty_span_is_read_at_once(looked: Looked) -> None:
    looked.send("events.shop", 0, [b"1"])
    assert read(looked.topics, "events.shop", {0: Span(1, 1)}) == []
    assert read(looked.topics, "events.shop", {}) == []


def test_what_is_kept_is_told_for_every_partition_that_holds_anything(looked: Looked) -> None:
    looked.send("events.shop", 1, [b"1", b"2"])
    with looked.topics.open() as look:
        kept = {partition: span for partition, span in look.kept("events.shop").items() if span.begin < span.end}
    assert kept == {1: Span(0, 2)}


def test_a_span_since_a_time_holds_everything_that_came_since(looked: Looked) -> None:
    looked.send("events.shop", 0, [b"1", b"2"])
    with looked.topics.open() as look:
        assert look.since("events.shop", time.time() - 60)[0] == Span(0, 2)


def test_one_look_reads_several_topics_and_may_stop_in_the_middle(looked: Looked) -> None:
    looked.send("events.shop", 0, [b"%d" % number for number in range(2_000)])
    looked.send("dead-letters", 0, [b"letter"])
    with looked.topics.open() as look:
        for batch in look.read("events.shop", {0: Span(0, 2_000)}):
            if batch:
                break
        (record,) = [each for batch in look.read("dead-letters", {0: Span(0, 1)}) for each in batch]
    assert record.value == b"letter"


def test_where_a_stage_goes_on_is_told_and_nothing_before_it_began(looked: Looked) -> None:
    looked.send("events.shop", 2, [b"1", b"2", b"3"])
    with looked.topics.open() as look:
        assert look.applied("normalise", "events.shop", 2) == 0
    looked.commit("events.shop", 2, 2)
    with looked.topics.open() as look:
        assert look.applied("normalise", "events.shop", 2) == 2


def test_a_look_leaves_no_member_no_offset_and_no_record_behind() -> None:
    with EmbeddedBroker() as broker:
        kafka = kafka_at(broker.bootstrap_servers)
        produced(broker.bootstrap_servers, "events.shop", 0, [b"1"])
        committed(broker.bootstrap_servers, "events.shop", 0, 1)
        topics = KafkaTopics(consumer_config(kafka, "braid-serve"), {"normalise": GROUP}, is_embedded)
        with topics.open() as look:
            before = look.kept("events.shop")
            assert list(look.read("events.shop", before))
            assert look.applied("normalise", "events.shop", 0) == 1
        with topics.open() as look:
            assert look.kept("events.shop") == before
            assert look.applied("normalise", "events.shop", 0) == 1
        own = Consumer(consumer_config(kafka, "braid-serve"))
        assert [each.offset < 0 for each in own.committed([TopicPartition("events.shop", 0)], timeout=5)] == [True]
        own.close()


def test_brokers_that_are_gone_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.adapters.topic_looks.REQUEST_S", 0.3)
    topics = KafkaTopics(consumer_config(kafka_at("127.0.0.1:1"), "braid-serve"), {}, is_embedded)
    with pytest.raises(Unavailable, match="brokers"), topics.open() as look:
        look.kept("events.shop")
