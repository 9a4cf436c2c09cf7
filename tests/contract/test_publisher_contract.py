"""What ingest is promised by the log of events: held by the double of the tests and by a real broker alike."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.adapters.event_publisher import KafkaPublisher
from streams.brokers.connection import producer_config
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.ports import free_ports
from streams.domain.published import Outgoing
from streams.errors import Overloaded, Retryable
from streams.ingest.publishing import Publisher
from tests.support.brokers import eventually, kafka_at, producer_of, read_values
from tests.support.ingest import HeldLog

ROOM = 50


@pytest.fixture
def topic(embedded_broker: EmbeddedBroker) -> str:
    """That the embedded broker has: it makes topics for those who ask by name."""
    name = f"events.{uuid.uuid4().hex[:8]}"
    producer_of(embedded_broker.bootstrap_servers).list_topics(name, timeout=10)
    return name


@pytest.fixture(params=["held", "kafka"])
def publisher(request: pytest.FixtureRequest, topic: str) -> Iterator[Publisher]:
    if request.param == "held":
        yield HeldLog(room=ROOM)
        return
    servers = request.getfixturevalue("embedded_broker").bootstrap_servers
    made = KafkaPublisher(producer_config(kafka_at(servers)), [topic], max_waiting=ROOM, confirm_s=10)
    eventually(lambda: not made.missing())
    yield made
    made.close()


@pytest.fixture
def unreachable() -> Iterator[KafkaPublisher]:
    (port,) = free_ports(1)
    config = producer_config(kafka_at(f"127.0.0.1:{port}"))
    made = KafkaPublisher(config, ["events.shop"], max_waiting=ROOM, confirm_s=10)
    yield made
    made.close()


def records(topic: str, keys: str, start: int = 0) -> list[Outgoing]:
    return [Outgoing(topic, key.encode(), f"{key}{at}".encode(), ()) for at, key in enumerate(keys, start)]


def test_every_record_is_placed_and_those_of_one_key_in_their_order(publisher: Publisher, topic: str) -> None:
    keys = "abcabcaab"
    placed = asyncio.run(publisher.publish(records(topic, keys)))
    assert None not in placed
    for key in set(keys):
        mine = [place for place, of in zip(placed, keys, strict=True) if of == key and place is not None]
        assert len({place.partition for place in mine}) == 1
        assert [place.offset for place in mine] == sorted({place.offset for place in mine})


def test_requests_side_by_side_share_it_and_each_gets_its_own_places(publisher: Publisher, topic: str) -> None:
    async def both() -> list[object]:
        one, other = records(topic, "aaa"), records(topic, "aa", 3)
        first, second = await asyncio.gather(publisher.publish(one), publisher.publish(other))
        assert (len(first), len(second)) == (3, 2)
        return [*first, *second]

    placed = asyncio.run(both())
    assert None not in placed
    assert len(set(placed)) == 5


def test_nothing_to_publish_is_no_fault(publisher: Publisher) -> None:
    assert asyncio.run(publisher.publish([])) == []


def test_without_room_a_request_is_refused_as_a_whole(publisher: Publisher, topic: str) -> None:
    with pytest.raises(Overloaded):
        asyncio.run(publisher.publish(records(topic, "a" * (ROOM + 1))))
    assert publisher.missing() == []
    assert None not in asyncio.run(publisher.publish(records(topic, "a")))


def test_while_the_brokers_are_away_nothing_is_taken(unreachable: KafkaPublisher) -> None:
    for publisher in (HeldLog(away="no broker answers"), unreachable):
        with pytest.raises(Retryable):
            asyncio.run(publisher.publish(records("events.shop", "a")))
        eventually(lambda publisher=publisher: "no broker answers" in publisher.missing()[0])


def test_one_slow_answer_takes_nobody_away_and_a_second_one_does(embedded_broker: EmbeddedBroker, topic: str) -> None:
    publisher = KafkaPublisher(producer_config(kafka_at(embedded_broker.bootstrap_servers)), [topic], ROOM, confirm_s=10)
    eventually(lambda: not publisher.missing())
    publisher.close()  # its looks are ours from here on
    publisher._producer = SlowToTell()
    for is_away in (False, True, True):
        publisher._look()
        assert ["no broker answers" in each for each in publisher.missing()] == [True] * is_away


class SlowToTell:
    """Of a producer only what a look asks for; nobody answers in time."""

    def list_topics(self, timeout: float) -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT, f"not within {timeout} s"))


def test_what_is_confirmed_is_in_the_log(embedded_broker: EmbeddedBroker, topic: str) -> None:
    config = producer_config(kafka_at(embedded_broker.bootstrap_servers))
    publisher = KafkaPublisher(config, [topic], max_waiting=ROOM, confirm_s=10)
    eventually(lambda: not publisher.missing())
    assert None not in asyncio.run(publisher.publish(records(topic, "abc")))
    publisher.close()
    assert sorted(read_values(embedded_broker.bootstrap_servers, topic, 3)) == [b"a0", b"b1", b"c2"]


def test_without_any_topic_nothing_can_be_published_and_the_remedy_is_said(embedded_broker: EmbeddedBroker) -> None:
    config = producer_config(kafka_at(embedded_broker.bootstrap_servers))
    publisher = KafkaPublisher(config, ["events.nosuch"], max_waiting=ROOM, confirm_s=10)
    eventually(lambda: publisher.missing() == [
        "topic events.nosuch is not there, or may not be written: `braid topics apply`"
    ])  # fmt: skip
    publisher.close()


def test_a_topic_that_is_not_there_takes_no_other_away(embedded_broker: EmbeddedBroker, topic: str) -> None:
    config = producer_config(kafka_at(embedded_broker.bootstrap_servers))
    publisher = KafkaPublisher(config, [topic, "events.nosuch"], max_waiting=ROOM, confirm_s=10)
    eventually(lambda: not publisher.missing())
    with pytest.raises(Retryable, match="braid topics apply"):
        asyncio.run(publisher.publish(records("events.nosuch", "a")))
    assert None not in asyncio.run(publisher.publish(records(topic, "a")))
    publisher.close()


def test_a_broker_that_stops_confirming_is_noticed_and_what_waits_can_be_given_up(topic: str) -> None:
    at_s = 0.0
    with EmbeddedBroker() as broker:
        producer_of(broker.bootstrap_servers).list_topics(topic, timeout=10)
        config = producer_config(kafka_at(broker.bootstrap_servers))
        publisher = KafkaPublisher(config, [topic], ROOM, confirm_s=60, monotonic=lambda: at_s)
        eventually(lambda: not publisher.missing())
        assert None not in asyncio.run(publisher.publish(records(topic, "a")))

    async def waiting() -> list[object]:
        nonlocal at_s
        handed_over = asyncio.ensure_future(publisher.publish(records(topic, "bc")))
        await asyncio.sleep(0.1)
        assert publisher.n_waiting == 2
        at_s = 10.0
        with pytest.raises(Retryable, match="no record was confirmed"):
            await publisher.publish(records(topic, "d"))
        publisher.give_up()
        return [*await asyncio.wait_for(handed_over, 30)]

    assert asyncio.run(waiting()) == [None, None]
    assert publisher.n_waiting == 0
    publisher.close()
