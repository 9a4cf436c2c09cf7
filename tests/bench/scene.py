"""The stage of the Kafka benchmarks: topics of their own, items and events published, workers over them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from confluent_kafka import Producer

from streams.adapters.embedding_cache import RocksEmbeddingCache
from streams.brokers.connection import producer_config
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.topic_names import TopicNames
from streams.service.encode_texts import CachingEncoder
from streams.settings import EncoderChoice, Kafka, Settings, Topics
from streams.wiring import encoder_of
from tests.bench.texts import WORDS, reviews
from tests.support.brokers import admin_of
from tests.support.pipeline import Worker

ITEMS = 20_000
PARTITIONS = 4
#: The events are of one day, so that those of the busiest person are only a little out of order: one that came after
#: 512 newer ones would be dropped as too old to tell from a repeat.
SPAN_S = 72_000.0
JITTER_S = 60.0
ACTIONS = ("product.viewed", "cart.added", "wishlist.added", "order.completed", "review.posted")
SHARES = (0.6, 0.22, 0.08, 0.05, 0.05)


def items(seed: int = 1) -> list[dict[str, object]]:
    """Items of a shop, as events refer to them."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(ITEMS):
        words = [str(word) for word in rng.choice(WORDS, 18)]
        made.append(
            {
                "item_id": f"i-{number:05d}",
                "title": " ".join(words[:8]).title(),
                "category": "/".join(words[8:10]),
                "brand": words[10].title(),
                "tags": sorted(set(words[11:16])),
                "price": float(rng.integers(500, 20_000)) / 100,
                "currency": "EUR",
            }
        )
    return made


def events(
    n_events: int, n_people: int, catalogue: list[dict[str, object]], start_s: float, seed: int = 2
) -> Iterator[tuple[bytes, bytes]]:
    """(key, CloudEvent of about 700 bytes): Zipf people, times slightly out of order."""
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, n_people + 1) ** 0.8
    people = rng.choice(n_people, n_events, p=weights / weights.sum())
    chosen = rng.choice(len(catalogue), n_events)
    kinds = rng.choice(len(ACTIONS), n_events, p=SHARES)
    texts = reviews()
    times = start_s + np.cumsum(rng.exponential(SPAN_S / n_events, n_events)) + rng.normal(0, JITTER_S, n_events)
    for number in range(n_events):
        data: dict[str, object] = {"item": catalogue[chosen[number]], "dwell_s": 12.0, "campaign": "autumn-newsletter"}
        if kinds[number] == 4:
            data |= {"text": texts[number % len(texts)], "rating": 5}
        person = f"user-{people[number]:06d}"
        event = {
            "specversion": "1.0",
            "id": f"{seed:02d}-{number:010d}",
            "source": "/platforms/shop-eu/web",
            "type": f"shop.{ACTIONS[kinds[number]]}",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(times[number])),
            "subject": person,
            "datacontenttype": "application/json",
            "data": data,
        }
        yield person.encode(), json.dumps(event).encode()


class Scene:
    """A topic prefix of its own on a cluster, 4 partitions."""

    def __init__(self, servers: str, folder: Path) -> None:
        self.servers = servers
        self.prefix = f"bench-{uuid.uuid4().hex[:8]}."
        self.names = TopicNames(self.prefix)
        self.folder = folder / self.prefix
        self.catalogue = items()
        apply(admin_of(servers), declared_topics(Topics(prefix=self.prefix, partitions=PARTITIONS)))
        self.producer = Producer(
            producer_config(Kafka(bootstrap_servers=servers), **{"queue.buffering.max.messages": 500_000, "linger.ms": 2})
        )

    def publish_items(self) -> None:
        for item in self.catalogue:
            event = {
                "specversion": "1.0", "id": str(item["item_id"]), "source": "/platforms/shop-eu",
                "type": "shop.item.upserted", "time": "2026-01-01T00:00:00Z", "data": {"item": item},
            }  # fmt: skip
            self.producer.produce(self.names.items, json.dumps(event).encode(), f"shop:{item['item_id']}".encode())
        assert self.producer.flush(60) == 0

    def publish_events(self, n_events: int, n_people: int, seed: int = 2) -> None:
        for key, value in events(n_events, n_people, self.catalogue, time.time() - 86_400, seed):
            self.producer.produce(self.names.events("shop"), value, key)
            self.producer.poll(0)
        assert self.producer.flush(60) == 0

    def add_topics_of(self, engine: str) -> TopicNames:
        """The topics that an engine writes, as Braid's are declared, under a prefix of its own."""
        names = TopicNames(f"{self.prefix}{engine}.")
        written = {names.user_events, names.profiles, names.profile_state, names.dead_letters}
        table = declared_topics(Topics(prefix=names.prefix, partitions=PARTITIONS))
        apply(admin_of(self.servers), [spec for spec in table if spec.name in written])
        return names

    def drop_topics(self, prefix: str) -> None:
        """Delete everything under a prefix: a full disk or a busy cleaner would measure the next engine."""
        admin = admin_of(self.servers)
        names = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
        for done in admin.delete_topics(names).values() if names else ():
            done.result()
        while any(name.startswith(prefix) for name in admin.list_topics(timeout=10).topics):
            time.sleep(0.05)

    def warm_embeddings(self, state: str = "state") -> None:
        """Fill the embedding cache of a state folder with every text of the events."""
        settings = Settings(encoder=EncoderChoice(model="hashed"))
        folder = self.folder / state / "embeddings"
        folder.parent.mkdir(parents=True, exist_ok=True)
        cache = RocksEmbeddingCache(folder, settings.encoder.cache_bytes)
        CachingEncoder(encoder_of(settings), cache).encode(reviews())
        cache.close()

    def worker(self, only: str = "", state: str = "state", **extra: str) -> Worker:
        extra.setdefault("BRAID_KAFKA__SESSION_TIMEOUT_S", "10")
        worker = Worker(self.servers, self.prefix, self.folder / state, only=only, **extra)
        worker.wait_ready(180)
        return worker

    def run_stage(self, stage: str, counter: str, target: int) -> dict[str, float]:
        """A stage alone over what is there, from its first record to its last."""
        worker = self.worker(stage)
        try:
            measured = measure(worker, counter, target)
            worker.terminate()
        finally:
            worker.kill()
        return measured


def measure(worker: Worker, counter: str, target: int) -> dict[str, float]:
    """Events a second and CPU an event of a worker that just became ready, as its own metrics tell.

    CPU counts from readiness; the clock from the start of the first batch, since a group's first seconds are idle.
    """
    cpu_s = worker.metric("process_cpu_seconds_total")
    while (n_prepared := worker.metric("braid_stage_seconds_count")) == 0:
        time.sleep(0.02)
    began_s = time.perf_counter() - worker.metric("braid_stage_seconds_sum") / n_prepared
    while (done := worker.metric(counter)) < target:
        assert worker.process.poll() is None, worker.tail()
        # Every question costs the worker milliseconds: few while much is left, more towards the end.
        left_s = (target - done) * (time.perf_counter() - began_s) / max(done, 1.0)
        time.sleep(min(max(left_s / 2, 0.03), 0.5))
    lasted_s = time.perf_counter() - began_s
    cpu_s = worker.metric("process_cpu_seconds_total") - cpu_s
    return {"events_per_s": done / lasted_s, "cpu_us_per_event": 1e6 * cpu_s / done}
