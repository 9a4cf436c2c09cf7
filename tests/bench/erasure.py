"""From the request to erase a person to the tombstone in a reader's hand, under load, on real Kafka.

Run as `make bench NAME=erasure ARGS="--rate 500 --people 60 --rounds 3"`. Worker with all stages, hashed encoder; events
at a steady rate beside it. Each person has three linked accounts; requests are `user.erasure_requested` events of one of
them, a few a second, so they go through the gate as a platform's would. `--rate` events a second go on all the while.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer

from streams.brokers.connection import consumer_config
from streams.brokers.kafka import KafkaCluster
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.accounts import account_key
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka, Topics
from tests.bench.report import emit
from tests.support.brokers import admin_of, producer_of
from tests.support.persons import PLATFORMS, TYPE_OF
from tests.support.pipeline import SECRET, Worker

PAUSE_S = 0.2
#: For the moves to end before anybody asks.
SETTLE_S = 3.0
LOADED_PEOPLE = 2_000
WAIT_S = 60.0


class Tombstones:
    """Reads `profiles` and notes when each user's null came."""

    def __init__(self, servers: str, topic: str) -> None:
        self.seen_s: dict[str, float] = {}
        self.n_profiles = 0
        self._stopped = threading.Event()
        self._consumer = Consumer(
            consumer_config(Kafka(bootstrap_servers=servers), "tombstones", **{"fetch.wait.max.ms": 5})
        )
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._stopped.is_set():
            for message in self._consumer.consume(500, 0.02):
                if message.error() is None and message.value() is None:
                    self.seen_s[message.key().decode()] = time.monotonic()
                elif message.error() is None:
                    self.n_profiles += 1
        self._consumer.close()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def an_event(platform: str, who: str, kind: str, number: int) -> bytes:
    item = {"item_id": f"i{number % 200}", "title": f"thing number {number % 200}", "category": "things"}
    event = {
        "specversion": "1.0", "id": f"{who}-{kind}-{number}", "source": f"/{platform}", "type": kind, "subject": who,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "data": {"item": item} if "erasure" not in kind else {},
    }  # fmt: skip
    return json.dumps(event).encode()


Account = tuple[str, str]


class Scene:
    """A worker, people of three linked accounts each, and the load beside them."""

    def __init__(self, servers: str, folder: Path, rate: float) -> None:
        prefix = f"erase{time.monotonic_ns()}."
        self.names, self.producer = TopicNames(prefix), producer_of(servers, **{"linger.ms": 2})
        self._rate = rate
        self._stopped = threading.Event()
        self._loading = threading.Thread(target=self._load)
        apply(admin_of(servers), declared_topics(Topics(prefix=prefix, partitions=4)))
        self.worker = Worker(servers, prefix, folder / prefix / "state")
        self.worker.wait_ready(90)
        self.reader = Tombstones(servers, self.names.profiles)
        self._loading.start()

    def say(self, account: Account, kind: str, number: int) -> None:
        platform, who = account
        self.producer.produce(self.names.events(platform), an_event(platform, who, kind, number), who.encode())

    def link(self, accounts: list[Account]) -> None:
        data = {"accounts": [{"platform": platform, "account": who} for platform, who in accounts]}
        event = {"specversion": "1.0", "id": accounts[0][1], "source": "/idp", "type": "identity.linked", "data": data}
        self.producer.produce(self.names.identity, json.dumps(event).encode(), b"")

    def erased_after_ms(self, accounts: list[Account]) -> float:
        """Ask by the first account; until the tombstone of whichever user they were."""
        keys = {account_key(SECRET.encode(), *account) for account in accounts}
        asked_s = time.monotonic()
        self.say(accounts[0], f"{accounts[0][0]}.user.erasure_requested", 0)
        self.producer.flush(10)

        def came() -> list[float]:
            return [at_s for key in keys if (at_s := self.reader.seen_s.get(key, 0.0)) > asked_s]

        self.wait_for(lambda: bool(came()))
        return 1000 * (min(came()) - asked_s)

    def wait_for(self, holds: Callable[[], bool]) -> None:
        give_up_at_s = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < give_up_at_s, self.worker.tail()
            time.sleep(0.01)

    def stop(self) -> None:
        self._stopped.set()
        self._loading.join()
        self.reader.stop()
        self.worker.kill()

    def _load(self) -> None:
        began_s, number = time.monotonic(), 0
        while not self._stopped.is_set():
            time.sleep(max(0.0, began_s + number / self._rate - time.monotonic()))
            platform = PLATFORMS[number % len(PLATFORMS)]
            self.say((platform, f"loaded-{number % LOADED_PEOPLE}"), TYPE_OF[platform], number)
            self.producer.poll(0)
            number += 1


def one_round(servers: str, folder: Path, asked: argparse.Namespace) -> dict[str, float]:
    scene = Scene(servers, folder, asked.rate)
    try:
        people = [[(platform, f"gone-{n}-{platform}") for platform in PLATFORMS[:3]] for n in range(asked.people)]
        for accounts in people:
            for account in accounts:
                scene.say(account, TYPE_OF[account[0]], 1)
            scene.link(accounts)
        scene.producer.flush(30)
        scene.wait_for(lambda: scene.worker.metric("braid_account_moves_total") >= 2 * asked.people)
        time.sleep(SETTLE_S)
        took_ms = []
        for accounts in people:
            took_ms.append(scene.erased_after_ms(accounts))
            time.sleep(PAUSE_S)
    finally:
        scene.stop()
    p50_ms, p99_ms = np.percentile(took_ms, [50, 99])
    return {"p50_ms": float(p50_ms), "p99_ms": float(p99_ms), "max_ms": max(took_ms)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=500.0)
    options.add_argument("--people", type=int, default=60)
    options.add_argument("--rounds", type=int, default=2)
    asked = options.parse_args()
    measured: dict[str, list[float]] = {}
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for name, value in one_round(cluster.bootstrap_servers, Path(folder), asked).items():
                measured.setdefault(name, []).append(value)
    emit("erasure", {"rate": asked.rate, "people": asked.people}, {"braid": measured})


if __name__ == "__main__":
    main()
