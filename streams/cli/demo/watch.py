"""Counts what comes out: profiles read from the topic with their latency, outcomes from the worker's metrics."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Mapping

from confluent_kafka import Consumer
from prometheus_client.parser import text_string_to_metric_families

from streams.brokers.connection import consumer_config
from streams.domain.profiles import decode_profile
from streams.settings import Kafka


class ProfileWatch:
    """Reads `profiles` as a service team would: a profile that was merged away or erased is gone.

    revisions: of the living profiles. Latencies are taken of updates, while `is_timing` is set.
    """

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self.revisions: dict[str, int] = {}
        self.latencies_s: list[float] = []
        self.n_read = 0
        self.is_timing = threading.Event()
        self._stopped = threading.Event()
        self._consumer = Consumer(consumer_config(Kafka(bootstrap_servers=bootstrap_servers), "braid-demo-watch"))
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._follow, daemon=True, name="profile-watch")
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join()
        self._consumer.close()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            for message in self._consumer.consume(500, 0.05):
                key, value = message.key(), message.value()
                if message.error() is not None or key is None:
                    continue
                self.n_read += 1
                if value is None:
                    self.revisions.pop(key.decode(), None)
                    continue
                profile = decode_profile(value)
                self.revisions[key.decode()] = profile.revision
                if profile.change.kind == "update" and self.is_timing.is_set():
                    self.latencies_s.append(max(0.0, time.time() - profile.updated_at))  # noqa: TID251


def scrape(url: str) -> Mapping[str, float]:
    """Sums of the metrics at `url` over their labels, by sample name."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:  # noqa: S310 - our own loopback
        text = answer.read().decode()
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums
