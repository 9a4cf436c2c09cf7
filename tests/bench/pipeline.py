"""Events a second and CPU per event of `normalise` and `profile`, on real Kafka, embedding cache warm.

    make bench NAME=pipeline ARGS="--events 100000 --rounds 3"

Events of about 700 bytes by 5,000 people (Zipf) on one platform with 4 partitions; every item is in the catalogue. Each
stage runs alone in a process of its own over a full topic, from its first batch to its last.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from confluent_kafka import Producer

from streams.brokers.connection import producer_config
from streams.brokers.kafka import KafkaCluster
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka, Topics
from tests.bench.report import emit
from tests.support.brokers import admin_of
from tests.support.pipeline import Worker

PEOPLE, ITEMS = 5_000, 20_000
WORDS = ["light", "merino", "running", "trail", "wool", "cotton", "vintage", "leather", "ceramic", "smart", "wireless", "compact", "travel", "winter", "summer", "organic", "classic", "premium", "soft", "bright", "deep", "quiet", "folding", "steel", "oak", "glass", "linen", "graphite", "amber", "coral", "slate"]
ACTIONS = ("product.viewed", "cart.added", "wishlist.added", "order.completed", "review.posted")
START_S = time.time() - 20 * 86_400


def items(seed: int = 1) -> Iterator[dict[str, object]]:
    rng = np.random.default_rng(seed)
    for number in range(ITEMS):
        words = [str(word) for word in rng.choice(WORDS, 18)]
        yield {
            "item_id": f"i-{number:05d}",
            "title": " ".join(words[:8]).title(),
            "category": "/".join(words[8:10]),
            "brand": words[10].title(),
            "tags": sorted(set(words[11:16])),
            "price": float(rng.integers(500, 20_000)) / 100,
            "currency": "EUR",
        }


def events(n_events: int, catalogue: list[dict[str, object]], seed: int = 2) -> Iterator[tuple[bytes, bytes]]:
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, PEOPLE + 1) ** 0.8
    people = rng.choice(PEOPLE, n_events, p=weights / weights.sum())
    chosen = rng.choice(ITEMS, n_events)
    kinds = rng.choice(len(ACTIONS), n_events, p=[0.6, 0.22, 0.08, 0.05, 0.05])
    reviews = [" ".join(rng.choice(WORDS, 24)) for _ in range(2_000)]
    times = START_S + np.cumsum(rng.exponential(10.0, n_events)) + rng.normal(0, 60, n_events)
    for number in range(n_events):
        person = f"user-{people[number]:06d}"
        data: dict[str, object] = {"item": catalogue[chosen[number]], "dwell_s": 12.0, "campaign": "autumn-newsletter"}
        if kinds[number] == 4:
            data |= {"text": reviews[number % len(reviews)], "rating": 5}
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


def measure(worker: Worker, counter: str, target: int) -> dict[str, float]:
    """From the first applied record to the last, as the worker's own metrics tell."""
    while worker.metric(counter) == 0:
        time.sleep(0.02)
    first, began_s, cpu_s = worker.metric(counter), time.perf_counter(), worker.metric("process_cpu_seconds_total")
    while (done := worker.metric(counter)) < target:
        assert worker.process.poll() is None, worker.tail()
        time.sleep(0.1)
    lasted_s = time.perf_counter() - began_s
    cpu_s = worker.metric("process_cpu_seconds_total") - cpu_s
    n_events = done - first
    return {"events_per_s": n_events / lasted_s, "cpu_us_per_event": 1e6 * cpu_s / n_events}


def one_round(servers: str, n_events: int, folder: Path) -> dict[str, dict[str, float]]:
    prefix = f"bench-{uuid.uuid4().hex[:8]}."
    names = TopicNames(prefix)
    apply(admin_of(servers), declared_topics(Topics(prefix=prefix, partitions=4)))
    producer = Producer(producer_config(Kafka(bootstrap_servers=servers), **{"queue.buffering.max.messages": 500_000}))
    catalogue = list(items())
    for item in catalogue:
        event = {"specversion": "1.0", "id": str(item["item_id"]), "source": "/platforms/shop-eu",
                 "type": "shop.item.upserted", "time": "2026-01-01T00:00:00Z", "data": {"item": item}}  # fmt: skip
        producer.produce(names.items, json.dumps(event).encode(), f"shop:{item['item_id']}".encode())
    for key, value in events(n_events, catalogue):
        producer.produce(names.events("shop"), value, key)
        producer.poll(0)
    assert producer.flush(60) == 0
    stages = {}
    for stage, counter, target in (
        ("catalogue", "braid_items_total", ITEMS),
        ("normalise", "braid_records_total", n_events),
        ("profile", "braid_events_applied_total", n_events),
    ):
        worker = Worker(servers, prefix, folder / prefix / "state", only=stage, BRAID_KAFKA__SESSION_TIMEOUT_S="10")
        try:
            stages[stage] = measure(worker_ready(worker), counter, target)
            worker.terminate()
        finally:
            worker.kill()
    return stages


def worker_ready(worker: Worker) -> Worker:
    worker.wait_ready()
    return worker


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    measured: dict[str, dict[str, list[float]]] = {}
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for stage, row in one_round(cluster.bootstrap_servers, asked.events, Path(folder)).items():
                for name, value in row.items():
                    measured.setdefault(f"braid {stage}", {}).setdefault(name, []).append(value)
    settings = {"events": asked.events, "people": PEOPLE, "items": ITEMS, "partitions": 4, "encoder": "hashed"}
    emit("pipeline", settings, measured, baseline="braid profile")


if __name__ == "__main__":
    main()
