"""Events as the profile stage reads them, made without running `normalise`, and held back until a starting shot."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

import msgspec
from confluent_kafka import Producer

from streams.adapters.mapping_files import decoder_for
from streams.brokers.connection import producer_config
from streams.domain.actions import ActionTable
from streams.domain.events import Event
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from streams.settings import EncoderChoice, Kafka, Settings
from streams.wiring import limits_of
from tests.support.pipeline import SECRET

PLATFORM = Platform("shop")
_CHUNK = 5_000
#: The broker's own upper bound of an open transaction.
_LONGEST_S = 900
_pack_event = msgspec.msgpack.Encoder().encode


def normalised(made: Iterable[tuple[bytes, bytes]], received_s: float) -> Iterator[tuple[str, Event]]:
    """(user key, event) of CloudEvents as `normalise` makes them; the benchmark's events are all good."""
    limits = limits_of(Settings(encoder=EncoderChoice(model="hashed")))
    gate = Normaliser(SECRET.encode(), decoder_for({}, limits.max_event_bytes), ActionTable(), limits)
    chunk: list[RawRecord] = []
    for key, value in made:
        chunk.append(RawRecord(value, (), received_s, f"events.{PLATFORM}", 0, 0, key))
        if len(chunk) == _CHUNK:
            yield from _passed(gate, chunk)
            chunk = []
    yield from _passed(gate, chunk)


def _passed(gate: Normaliser, records: list[RawRecord]) -> list[tuple[str, Event]]:
    batch = gate.normalise(records, PLATFORM)
    assert len(batch.events) == len(records), batch.dead
    return list(batch.events)


def packed(made: Iterable[tuple[bytes, bytes]], received_s: float) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of `user-events` records."""
    for user, event in normalised(made, received_s):
        yield user.encode(), _pack_event(event)


class HeldEvents:
    """Records in an open transaction: on the broker, but no read_committed consumer sees one before `release`.

    So nothing publishes while the stage is measured, and all of its workers start on the same backlog at once.
    """

    def __init__(self, servers: str, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
        settings = {
            "transactional.id": f"bench-{uuid.uuid4().hex}", "transaction.timeout.ms": 1_000 * _LONGEST_S,
            "queue.buffering.max.messages": 1_000_000, "linger.ms": 5,
        }  # fmt: skip
        self._producer = Producer(producer_config(Kafka(bootstrap_servers=servers), **settings))
        self._producer.init_transactions(30)
        self._producer.begin_transaction()
        self.n_records = 0
        for key, value in records:
            self._producer.produce(topic, value, key)
            self.n_records += 1
        assert self._producer.flush(60) == 0

    def release(self) -> None:
        """All at once. Raises KafkaException when the transaction was open for too long."""
        self._producer.commit_transaction(30)
