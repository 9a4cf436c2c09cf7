from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Producer
from rocksdict import Cache

from streams.adapters.clock import SystemClock
from streams.adapters.local_view import LocalView
from streams.adapters.topic_follower import Batch, Sink, TopicFollower
from streams.brokers.connection import consumer_config
from streams.brokers.embedded import EmbeddedBroker, InProcessBroker
from tests.support.brokers import eventually, kafka_at, producer_of

CLOCK = SystemClock()


@dataclass
class ViewSink:
    """The smallest sink: a view."""

    view: LocalView
    n_messages: int = 0

    def next_offsets(self):
        return self.view.next_offsets()

    def apply(self, batch: Batch) -> None:
        self.n_messages += len(batch.messages)
        self.view.write([(m.key, m.value) for m in batch.messages], batch.next_offsets, batch.received_at_s)

    def clear(self) -> None:
        self.view.clear()


@dataclass
class Recorder:
    """A sink in memory."""

    batches: list[Batch] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)
    n_cleared: int = 0

    def next_offsets(self):
        return self.offsets

    def apply(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.offsets |= batch.next_offsets

    def clear(self) -> None:
        self.n_cleared += 1
        self.offsets = {}

    @property
    def keys(self) -> list[bytes]:
        return [message.key for batch in self.batches for message in batch.messages]


def a_follower(bootstrap_servers: str, topic: str, sink: Sink, **more: object) -> TopicFollower:
    return TopicFollower(consumer_config(kafka_at(bootstrap_servers), "test-follow"), topic, sink, CLOCK, **more)


def is_followed(topic: str) -> bool:
    """Whether a follower's thread goes on; `stop` returns after a while even if it does."""
    return any(thread.name == f"follow-{topic}" for thread in threading.enumerate())


@pytest.fixture
def view(tmp_path: Path) -> Iterator[LocalView]:
    view = LocalView(tmp_path / "view", Cache(1 << 20), CLOCK.now_s())
    yield view
    view.close()


def publish(producer: Producer, topic: str, records: dict[str, bytes | None]) -> None:
    for key, value in records.items():
        producer.produce(topic, value, key)
    assert producer.flush(60) == 0


@pytest.fixture
def topic(topic_prefix: str) -> str:
    return f"{topic_prefix}profiles"


def test_a_follower_reads_every_partition_and_null_deletes(
    embedded_broker: EmbeddedBroker, topic: str, view: LocalView
) -> None:
    servers = embedded_broker.bootstrap_servers
    producer = producer_of(servers)
    publish(producer, topic, {f"user-{n}": b"%d" % n for n in range(100)})
    publish(producer, topic, {"user-7": None})
    follower = a_follower(servers, topic, ViewSink(view))
    follower.start()
    assert follower.wait_until_caught_up(60)
    assert len(list(view.items())) == 99
    assert view.get("user-7") is None
    assert len(view.next_offsets()) > 1
    assert follower.status().n_behind == 0
    publish(producer, topic, {"user-7": b"back"})
    eventually(lambda: view.get("user-7") == b"back")
    follower.stop()


def test_a_restart_goes_on_where_the_view_stands(embedded_broker: EmbeddedBroker, topic: str, view: LocalView) -> None:
    servers = embedded_broker.bootstrap_servers
    producer = producer_of(servers)
    publish(producer, topic, {f"user-{n}": b"1" for n in range(50)})
    first = ViewSink(view)
    follower = a_follower(servers, topic, first)
    follower.start()
    assert follower.wait_until_caught_up(60)
    follower.stop()
    publish(producer, topic, {"user-1": b"2", "user-2": None})
    second = ViewSink(view)
    again = a_follower(servers, topic, second)
    again.start()
    assert again.wait_until_caught_up(60)
    again.stop()
    assert (first.n_messages, second.n_messages) == (50, 2)
    assert (view.get("user-1"), view.get("user-2"), view.get("user-3")) == (b"2", None, b"1")


def test_what_arrives_together_is_applied_together(embedded_broker: EmbeddedBroker, topic: str) -> None:
    servers, recorder = embedded_broker.bootstrap_servers, Recorder()
    publish(producer_of(servers), topic, {f"user-{n}": b"1" for n in range(3_000)})
    follower = a_follower(servers, topic, recorder)
    follower.start()
    assert follower.wait_until_caught_up(60)
    follower.stop()
    assert sorted(recorder.keys) == sorted(b"user-%d" % n for n in range(3_000))
    assert len(recorder.batches) < 300
    for batch in recorder.batches:
        assert batch.next_offsets == {m.partition: m.offset + 1 for m in batch.messages}


def test_only_committed_records_count(embedded_broker: EmbeddedBroker, topic: str) -> None:
    servers, recorder = embedded_broker.bootstrap_servers, Recorder()
    producer = producer_of(servers, **{"transactional.id": topic})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(topic, b"1", "kept")
    producer.commit_transaction(10)
    follower = a_follower(servers, topic, recorder)
    follower.start()
    assert follower.wait_until_caught_up(60)
    follower.stop()
    assert recorder.keys == [b"kept"]


def test_an_empty_topic_is_caught_up_with(embedded_broker: EmbeddedBroker, topic: str) -> None:
    servers = embedded_broker.bootstrap_servers
    producer_of(servers).list_topics(topic, timeout=10)  # asking for a topic makes it, there
    follower = a_follower(servers, topic, Recorder())
    follower.start()
    assert follower.wait_until_caught_up(60)
    follower.stop()


def test_a_topic_that_is_not_there_yet_is_waited_for_and_named(embedded_broker: EmbeddedBroker, topic: str) -> None:
    servers, recorder = embedded_broker.bootstrap_servers, Recorder()
    follower = a_follower(servers, topic, recorder)
    follower.start()
    eventually(lambda: "braid topics apply" in follower.status().fault)
    assert not follower.status().caught_up
    publish(producer_of(servers), topic, {"user": b"1"})
    assert follower.wait_until_caught_up(60)
    assert follower.status().fault == ""
    eventually(lambda: recorder.keys == [b"user"])
    follower.stop()


def test_a_topic_that_was_made_anew_is_read_from_its_start_into_an_empty_sink(
    embedded_broker: EmbeddedBroker, topic: str
) -> None:
    servers = embedded_broker.bootstrap_servers
    publish(producer_of(servers), topic, {"user": b"1"})
    recorder = Recorder(offsets={0: 1_000, 1: 1_000})
    follower = a_follower(servers, topic, recorder)
    follower.start()
    assert follower.wait_until_caught_up(60)
    follower.stop()
    assert recorder.n_cleared == 1
    assert recorder.keys == [b"user"]


def test_a_broker_that_is_away_is_waited_for_and_shown_and_stopping_need_not_wait_for_it(topic: str) -> None:
    follower = a_follower("127.0.0.1:1", topic, Recorder())
    follower.start()
    eventually(lambda: follower.status().fault != "")
    assert not follower.status().caught_up
    follower.stop()
    assert not is_followed(topic)


def test_a_follower_that_has_nothing_to_read_stops_when_it_is_told(embedded_broker: EmbeddedBroker, topic: str) -> None:
    servers = embedded_broker.bootstrap_servers
    publish(producer_of(servers), topic, {"user": b"1"})
    follower = a_follower(servers, topic, Recorder())
    follower.start()
    assert follower.wait_until_caught_up(60)
    assert is_followed(topic)
    follower.stop()
    assert not is_followed(topic)


def test_an_error_of_the_sink_ends_the_follower_and_is_told(embedded_broker: EmbeddedBroker, topic: str) -> None:
    class Broken(Recorder):
        def apply(self, batch: Batch) -> None:
            raise OSError("disk full")

    told: list[BaseException] = []
    died = threading.Event()

    def on_death(error: BaseException) -> None:
        told.append(error)
        died.set()

    servers = embedded_broker.bootstrap_servers
    publish(producer_of(servers), topic, {"user": b"1"})
    follower = a_follower(servers, topic, Broken(), on_death=on_death)
    follower.start()
    assert died.wait(60)
    follower.stop()
    assert isinstance(told[0], OSError)
    assert "disk full" in follower.status().fault


def test_a_broker_that_goes_away_later_is_shown_and_does_not_end_readiness(topic: str) -> None:
    recorder = Recorder()
    with InProcessBroker() as broker:
        publish(producer_of(broker.bootstrap_servers), topic, {"user": b"1"})
        follower = a_follower(broker.bootstrap_servers, topic, recorder)
        follower.start()
        assert follower.wait_until_caught_up(60)
        eventually(lambda: recorder.keys == [b"user"])
    eventually(lambda: follower.status().fault != "")
    assert follower.status().caught_up
    follower.stop()
