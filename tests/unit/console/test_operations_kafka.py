"""What the operations read from and write to a broker: the embedded one, over the real protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from streams.adapters.clock import SystemClock
from streams.adapters.confirmed_writer import ConfirmedWriter, Written
from streams.adapters.letter_desk import LetterDesk, RedriveRules
from streams.adapters.record_reader import Place, RecordReader
from streams.adapters.sealing import Sealer
from streams.brokers.connection import consumer_config, producer_config
from streams.brokers.embedded import InProcessBroker
from streams.domain.dead_letters import sealed, stripped
from streams.settings import Kafka
from tests.support.letters import a_letter, an_event

SEALER = Sealer(bytes(32))


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    with InProcessBroker() as broker:
        yield Kafka(bootstrap_servers=broker.bootstrap_servers)


def records_of(kafka: Kafka, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    reader, asking = RecordReader(consumer_config(kafka, "tests")), Consumer(consumer_config(kafka, "tests"))
    ends = {partition: asking.get_watermark_offsets(TopicPartition(topic, partition))[1] for partition in range(4)}
    asking.close()
    found = [
        record
        for partition, end in ends.items()
        for record in reader.each_of(topic, partition, range(end), 10.0).values()
    ]
    reader.close()
    return [(record.key, record.value) for record in found]


def test_a_record_is_read_by_its_offset_and_the_end_of_a_log_is_told(kafka: Kafka) -> None:
    ConfirmedWriter(producer_config(kafka)).write(
        [Written("read", b"k", value, partition=1) for value in (b"0", b"1", b"2")]
    )
    reader = RecordReader(consumer_config(kafka, "tests"))
    found = reader.first_at([Place("read", 1, 1), Place("read", 0, 0)], 10.0)
    assert found[Place("read", 0, 0)] is None
    record = found[Place("read", 1, 1)]
    assert record is not None
    assert (record.value, record.timestamp_s > 1.7e9) == (b"1", True)
    assert {offset: each.value for offset, each in reader.each_of("read", 1, [0, 2, 9], 10.0).items()} == {
        0: b"0",
        2: b"2",
    }
    reader.close()


def test_a_letter_is_redriven_as_it_came_then_ended_and_never_twice(kafka: Kafka) -> None:
    letters = [a_letter(an_event()), sealed(a_letter(an_event(), topic="events.video"), SEALER.seal)]
    letters += [stripped(a_letter(an_event(), topic="events.news")), a_letter(an_event(), topic="items")]
    producer = Producer(producer_config(kafka))
    for letter in letters:
        producer.produce("dead-letters", letter.encode(), letter.place, partition=0)
    producer.produce("items", b"newer", b"shop:shoe")
    producer.flush(60)
    rules = RedriveRules(lambda topic: topic.startswith("events."), SEALER.open)
    desk = LetterDesk(
        consumer_config(kafka, "tests"), "dead-letters", ConfirmedWriter(producer_config(kafka)), rules, SystemClock()
    )
    lines = [desk.box.find(letter.place.decode()) for letter in letters]
    whole = desk.letters([line for line in lines if line is not None])
    assert [desk.may_redrive(letter) for letter in whole] == [True, True, False, False]
    assert (desk.redrive(whole), desk.redrive(whole)) == (2, 0)
    assert records_of(kafka, "events.shop") == records_of(kafka, "events.video") == [(b"ann", an_event())]
    assert records_of(kafka, "items") == [(b"shop:shoe", b"newer")]
    ended = [key for key, value in records_of(kafka, "dead-letters") if value is None]
    assert ended == [b"events.shop/0/7", b"events.video/0/7"]
    assert len(desk.box) == 2
    desk.close()
