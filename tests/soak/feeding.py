"""The load of a soak: a bounded population whose active part rotates, items that change, texts that are new, a few bad."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from itertools import count

from confluent_kafka import Producer

from streams.brokers.connection import producer_config
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka
from tests.support.pipeline import WORDS

TICK_S = 0.05
PEOPLE = 80
#: Everybody is met within the first minutes; afterwards accounts fall silent and come back.
ACTIVE_PEOPLE = 40
ROTATE_S = 30.0
ITEMS = 1_000
ITEM_UPDATES_SHARE = 0.05
TEXT_SHARE = 0.2
INVALID_SHARE = 0.01
PLATFORMS = ("shop", "video", "social", "news")
KINDS = {"shop": "wishlist.added", "video": "video.liked", "social": "post.liked", "news": "article.shared"}
Record = tuple[str, bytes, bytes]


class Behaviour:
    """Records for ever, by a seed; `rotation` says which part of the population is active."""

    def __init__(self, topics: TopicNames, seed: int) -> None:
        self._topics, self._rng, self._number = topics, random.Random(seed), count()

    def all_items(self) -> Iterator[Record]:
        for item in range(ITEMS):
            yield self._described(item)

    def record(self, rotation: int) -> Record:
        """One record of the mix."""
        share = self._rng.random()
        if share < ITEM_UPDATES_SHARE:
            return self._described(self._rng.randrange(ITEMS))
        platform = self._rng.choice(PLATFORMS)
        person = (rotation * ACTIVE_PEOPLE // 2 + self._rng.randrange(ACTIVE_PEOPLE)) % PEOPLE
        data: dict[str, object] = {"item": {"item_id": self._item_of(platform)}}
        kind = f"{platform}.{KINDS[platform]}"
        if self._rng.random() < TEXT_SHARE:
            kind, data["text"], data["rating"] = "shop.review.posted", self._words(12), 4
            platform = "shop"
            data["item"] = {"item_id": self._item_of(platform)}
        value = self._event(platform, kind, f"person-{person}", data)
        if share > 1.0 - INVALID_SHARE:
            value = value[:-9]
        return self._topics.events(platform), f"person-{person}".encode(), value

    def _described(self, number: int) -> Record:
        platform = PLATFORMS[number % len(PLATFORMS)]
        item = {"item_id": f"i-{number}", "title": self._words(8), "category": self._rng.choice(WORDS)}
        said = self._event(platform, f"{platform}.item.upserted", f"i-{number}", {"item": item})
        return self._topics.items, f"{platform}:i-{number}".encode(), said

    def _item_of(self, platform: str) -> str:
        return f"i-{self._rng.randrange(ITEMS // len(PLATFORMS)) * len(PLATFORMS) + PLATFORMS.index(platform)}"

    def _words(self, n_words: int) -> str:
        return f"{' '.join(self._rng.choices(WORDS, k=n_words))} {self._rng.randrange(10**9)}"

    def _event(self, platform: str, kind: str, subject: str, data: dict[str, object]) -> bytes:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        event = {
            "specversion": "1.0", "id": f"soak-{next(self._number)}", "source": f"/platforms/{platform}",
            "type": kind, "time": stamp, "subject": subject, "data": data,
        }  # fmt: skip
        return json.dumps(event).encode()


class Feeder:
    """Publishes at a steady rate on a thread of its own; what a slow moment missed is not made up for at once."""

    def __init__(self, bootstrap_servers: str, topics: TopicNames, rate: float, seed: int = 1) -> None:
        self._producer = Producer(producer_config(Kafka(bootstrap_servers=bootstrap_servers)))
        self._topics, self._behaviour, self._rate = topics, Behaviour(topics, seed), rate
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)
        self.n_events = self.n_items = 0

    def start(self) -> None:
        """Every item once, then the mix."""
        for topic, key, value in self._behaviour.all_items():
            self._producer.produce(topic, value, key)
        assert self._producer.flush(60) == 0
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        assert self._producer.flush(60) == 0
        del self._producer  # or it would complain of the broker that ends next

    def _run(self) -> None:
        started_s, due = time.monotonic(), 0.0
        while not self._stopped.wait(TICK_S):
            due = min(due + self._rate * TICK_S, self._rate)
            rotation = int((time.monotonic() - started_s) / ROTATE_S)
            while due >= 1.0:
                topic, key, value = self._behaviour.record(rotation)
                self._producer.produce(topic, value, key)
                self.n_items += topic == self._topics.items
                self.n_events += topic != self._topics.items
                due -= 1.0
            self._producer.poll(0)
