"""The load: a thread that publishes the prepared records at a steady rate and books what the broker took."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from streams.brokers.connection import producer_config
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka
from tests.support.pipeline import Fact, Load, a_load

Position = tuple[str, int, int]
TICK_S = 0.05


@dataclass
class Acked:
    """What the broker confirmed: the oracle's only input. invalid: position -> bytes."""

    facts: dict[str, Fact] = field(default_factory=dict)
    invalid: dict[Position, bytes] = field(default_factory=dict)
    n_records: int = 0


class Feeder:
    """Publishes `load.records` in order until told to stop. rate: records per second."""

    def __init__(self, bootstrap_servers: str, topics: TopicNames, load: Load, rate: float) -> None:
        self.acked = Acked()
        self._topics, self._load, self._rate = topics, load, rate
        self._facts = {fact.cloud_event(): fact for fact in load.facts}
        self._producer = Producer(producer_config(Kafka(bootstrap_servers=bootstrap_servers)))
        self._failed: list[str] = []
        self._n_sent = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="feeder")

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    @property
    def n_left(self) -> int:
        """Records that will still come if nobody stops the feeder."""
        return len(self._load.records) - self._n_sent

    def stop(self) -> Acked:
        """Publish no more; returns once everything sent is decided. Raises when a record's fate is unknown."""
        self._stopped.set()
        self._thread.join()
        n_open = self._producer.flush(120)
        if n_open or self._failed:
            raise RuntimeError(f"{n_open} records undecided, {len(self._failed)} refused: {self._failed[:1]}")
        return self.acked

    def abandon(self) -> None:
        """Publish no more, whatever becomes of what was sent."""
        self._stopped.set()

    def _run(self) -> None:
        due = 0.0
        while not self._stopped.wait(TICK_S) and self.n_left:
            due = min(due + self._rate * TICK_S, 10 * self._rate * TICK_S)
            n_now = min(int(due), self.n_left)
            due -= n_now
            for platform, key, value in self._load.records[self._n_sent : self._n_sent + n_now]:
                self._producer.produce(self._topics.events(platform), value, key, on_delivery=self._decided)
            self._n_sent += n_now
            self._producer.poll(0)

    def _decided(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed.append(error.str())
            return
        value = message.value()
        self.acked.n_records += 1
        fact = self._facts.get(value)
        if fact is None:
            self.acked.invalid[message.topic(), message.partition(), message.offset()] = value
        else:
            self.acked.facts[fact.identifier] = fact


def a_long_load(seed: int, n_events: int) -> Load:
    """Dirty records of a few hundred people; the times are taken from the machine's clock."""
    return a_load(seed, n_events, 300, time.time())
