"""The load: a thread that publishes the prepared records at a steady rate and books what the broker took."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from streams.brokers.connection import producer_config
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka
from tests.chaos.items import ItemLoad, Said, an_item_load
from tests.support.pipeline import Fact, Load, a_load

Position = tuple[str, int, int]
TICK_S = 0.05
#: Records of `items` for each event.
ITEMS_PER_EVENT = 0.08


@dataclass
class Acked:
    """What the broker confirmed: the oracle's only input. invalid: position -> bytes; items: (key, offset) -> meaning."""

    facts: dict[str, Fact] = field(default_factory=dict)
    invalid: dict[Position, bytes] = field(default_factory=dict)
    items: dict[tuple[str, int], Said] = field(default_factory=dict)
    n_records: int = 0


@dataclass
class Feed:
    """What is published. rate: events per second."""

    events: Load
    items: ItemLoad
    rate: float

    @classmethod
    def of(cls, seed: int, n_events: int, rate: float) -> Feed:
        """Dirty records of a few hundred people; the times are taken from the machine's clock."""
        now_s = time.time()
        events = a_load(seed, n_events, 300, now_s)
        return cls(events, an_item_load(seed, round(n_events * ITEMS_PER_EVENT), events.facts, now_s), rate)


class Feeder:
    """Publishes the records of a feed in order until told to stop."""

    def __init__(self, bootstrap_servers: str, topics: TopicNames, feed: Feed) -> None:
        self.acked = Acked()
        self._topics, self._feed = topics, feed
        self._facts = {fact.cloud_event(): fact for fact in feed.events.facts}
        self._producer = Producer(producer_config(Kafka(bootstrap_servers=bootstrap_servers)))
        self._failed: list[str] = []
        self._n_sent, self._n_items_sent = 0, 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="feeder")

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    @property
    def n_left(self) -> int:
        """Events that will still come if nobody stops the feeder."""
        return len(self._feed.events.records) - self._n_sent

    def add(self, topic: str, key: bytes, value: bytes) -> None:
        """Publish one more record that nobody can apply; it is booked as invalid once the broker took it."""
        self._producer.produce(topic, value, key, on_delivery=self._decided)

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
        due, rate = 0.0, self._feed.rate
        while not self._stopped.wait(TICK_S) and self.n_left:
            due = min(due + rate * TICK_S, 10 * rate * TICK_S)
            n_now = min(int(due), self.n_left)
            due -= n_now
            for platform, key, value in self._feed.events.records[self._n_sent : self._n_sent + n_now]:
                self._producer.produce(self._topics.events(platform), value, key, on_delivery=self._decided)
            self._n_sent += n_now
            self._publish_items(int(self._n_sent * ITEMS_PER_EVENT))
            self._producer.poll(0)

    def _publish_items(self, n_due: int) -> None:
        for key, value in self._feed.items.records[self._n_items_sent : n_due]:
            self._producer.produce(self._topics.items, value, key, on_delivery=self._decided)
        self._n_items_sent = max(self._n_items_sent, n_due)

    def _decided(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed.append(f"{message.topic()}: {error.str()}")
            return
        value = message.value()
        self.acked.n_records += 1
        if message.topic() == self._topics.items:
            said = self._feed.items.meaning_of(message.key(), value)
            if said is not None:
                self.acked.items[said.key, message.offset()] = said
                return
        fact = self._facts.get(value)
        if fact is None:
            self.acked.invalid[message.topic(), message.partition(), message.offset()] = value
        else:
            self.acked.facts[fact.identifier] = fact
