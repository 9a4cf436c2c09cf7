"""Events over HTTP until all in-sync replicas have them: how many a second, at what CPU, and whether one is lost.

Run as `make bench NAME=ingest ARGS="--events 60000 --rounds 3"`. Real Kafka, `braid ingest` as users run it, and the
clients in a process of their own, each connection waiting for its answer before it sends again; all on the same machine.
Events are those of `NAME=pipeline`, about 700 bytes. `server_us_per_event` is the CPU of the ingest process.

With `--restart-broker` the broker is stopped in the middle and started again. Clients send again what was answered with 429
or 503, as they are told to. At the end the topic is read: every event that was accepted must be in it; what is there twice
(sent again though it had been written) is counted, and counts once in a profile.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from confluent_kafka import Consumer, TopicPartition

from streams.brokers.connection import consumer_config
from streams.brokers.kafka import KafkaCluster
from streams.brokers.leashed import LeashedProcess
from streams.brokers.ports import free_ports
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.topic_names import TopicNames
from streams.settings import Topics, environment_without_braid
from tests.bench.process_seen import ProcessSeen
from tests.bench.report import ROOT
from tests.bench.rounds import Rounds
from tests.bench.scene import PARTITIONS, events, items
from tests.support.brokers import admin_of, eventually, kafka_at

KEY = "write-key-of-the-bench"
PEOPLE = 5_000
START_S, READ_S, GIVE_UP_S = 60.0, 10.0, 120.0
AWAY_S = 3.0
_BATCH, _SINGLE = "application/cloudevents-batch+json", "application/cloudevents+json"


@dataclass(frozen=True)
class Load:
    """What the clients send. size: events of a request."""

    port: int
    size: int
    n_events: int
    n_clients: int
    seed: int


@dataclass
class Sent:
    """What the clients saw."""

    accepted: list[str] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wall_s: float = 0.0


class Client:
    """One connection, and what came of its requests."""

    def __init__(self, load: Load, sent: Sent, lock: threading.Lock) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=GIVE_UP_S)
        self._content_type = _SINGLE if load.size == 1 else _BATCH
        self._sent, self._lock = sent, lock

    def send(self, body: bytes) -> None:
        """Until it is accepted."""
        give_up_at_s = time.monotonic() + GIVE_UP_S
        while time.monotonic() < give_up_at_s:
            began_s = time.perf_counter()
            try:
                status, answer, retry_after_s = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                self._note(type(error).__name__)
                time.sleep(0.2)
                continue
            self._note(str(status))
            if status == 200:
                self._accepted(answer, (time.perf_counter() - began_s) * 1_000)
                return
            assert status in {429, 503}, answer
            time.sleep(retry_after_s)
        raise AssertionError(f"not accepted within {GIVE_UP_S} s")

    def _post(self, body: bytes) -> tuple[int, bytes, float]:
        headers = {"Content-Type": self._content_type, "Authorization": f"Bearer {KEY}"}
        self._connection.request("POST", "/v1/events", body, headers)
        response = self._connection.getresponse()
        return response.status, response.read(), float(response.getheader("Retry-After", "0"))

    def _note(self, status: str) -> None:
        with self._lock:
            self._sent.statuses[status] += 1

    def _accepted(self, answer: bytes, time_ms: float) -> None:
        said = json.loads(answer)
        assert said["rejected"] == said["unconfirmed"] == 0, answer
        with self._lock:
            self._sent.accepted += [event["id"] for event in said["events"]]
            self._sent.times_ms.append(time_ms)


def bodies(load: Load) -> list[bytes]:
    made = [value for _, value in events(load.n_events, PEOPLE, items(), time.time() - 86_400, load.seed)]
    if load.size == 1:
        return made
    return [b"[" + b",".join(made[at : at + load.size]) + b"]" for at in range(0, len(made), load.size)]


def send_all(pipe: Connection, load: Load) -> None:
    """The clients' process: make all bodies, say so, send them when told, say what came of it."""
    sent, lock, local = Sent(), threading.Lock(), threading.local()

    def send(body: bytes) -> None:
        if not hasattr(local, "client"):
            local.client = Client(load, sent, lock)
        local.client.send(body)

    made = bodies(load)
    pipe.send("ready")
    pipe.recv()
    began_s = time.perf_counter()
    with ThreadPoolExecutor(load.n_clients) as pool:
        for _ in pool.map(send, made):
            pass
    sent.wall_s = time.perf_counter() - began_s
    pipe.send(sent)


class Stage:
    """A broker, the topics of a platform, and `braid ingest` over them."""

    def __init__(self, cluster: KafkaCluster, folder: Path) -> None:
        self.cluster = cluster
        prefix = "bench."
        self.topic = TopicNames(prefix).events("shop")
        topics = Topics(prefix=prefix, platforms=("shop",), partitions=PARTITIONS)
        apply(admin_of(cluster.bootstrap_servers), declared_topics(topics))
        self.port, operator_port = free_ports(2)
        environment = environment_without_braid() | {
            "BRAID_KAFKA__BOOTSTRAP_SERVERS": cluster.bootstrap_servers,
            "BRAID_TOPICS__PREFIX": prefix,
            "BRAID_INGEST_API__PORT": str(self.port),
            "BRAID_INGEST_API__OPERATOR_PORT": str(operator_port),
            "BRAID_INGEST_API__RATE_PER_S": "0",
            "BRAID_INGEST_API__KEYS": json.dumps({KEY: "shop"}),
        }
        command = [sys.executable, "-m", "streams", "ingest"]
        self._process = LeashedProcess(command, log=folder / "ingest.log", cwd=ROOT, environment=environment)
        self.seen = ProcessSeen(self._process.pid)
        eventually(lambda: _answers(f"http://127.0.0.1:{operator_port}/readyz"), START_S)

    def close(self) -> None:
        self._process.stop(READ_S)

    @contextmanager
    def clients(self, load: Load) -> Iterator[Connection]:
        """A process that is ready to send."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=send_all, args=(theirs, load))
        process.start()
        assert ours.recv() == "ready"
        try:
            yield ours
        finally:
            process.join()

    def measured(self, load: Load) -> tuple[dict[str, float], Sent]:
        """A row of figures, and what the clients saw."""
        with self.clients(load) as clients:
            before_s = self.seen.cpu_s()
            clients.send("go")
            sent = clients.recv()
        cpu_s = self.seen.cpu_s() - before_s
        return {
            "events_per_s": load.n_events / sent.wall_s,
            "server_us_per_event": cpu_s / load.n_events * 1e6,
            "p50_ms": float(np.percentile(sent.times_ms, 50)),
            "p99_ms": float(np.percentile(sent.times_ms, 99)),
        }, sent

    def restarted(self, load: Load) -> tuple[Sent, float]:
        """The broker goes in the middle and comes back. Also how long it was away, until it served again, seconds."""
        with self.clients(load) as clients:
            before = self.n_records()
            clients.send("go")
            eventually(lambda: self.n_records() - before > load.n_events / 3, START_S)
            gone_s = time.perf_counter()
            self.cluster.stop_node(1)
            time.sleep(AWAY_S)
            self.cluster.restart(1)
            away_s = time.perf_counter() - gone_s
            sent: Sent = clients.recv()
        return sent, away_s

    def n_records(self) -> int:
        consumer = self._consumer()
        ends = [consumer.get_watermark_offsets(partition, 10)[1] for partition in self._partitions(consumer)]
        consumer.close()
        return sum(ends)

    def ids(self) -> Counter[str]:
        """Of every event in the topic, with how often it is there."""
        consumer = self._consumer()
        left = self.n_records()
        consumer.assign(self._partitions(consumer))
        found: Counter[str] = Counter()
        while left:
            for message in consumer.consume(2_000, READ_S):
                assert message.error() is None, message.error()
                found[json.loads(message.value())["id"]] += 1
                left -= 1
        consumer.close()
        return found

    def _consumer(self) -> Consumer:
        return Consumer(consumer_config(kafka_at(self.cluster.bootstrap_servers), "bench-ingest"))

    def _partitions(self, consumer: Consumer) -> list[TopicPartition]:
        return [TopicPartition(self.topic, number, 0) for number in range(PARTITIONS)]


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as response:
            return response.status == 200
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000, help="of a round in batches; a fifth of it one by one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--restart-broker", action="store_true")
    options = parser.parse_args()
    rounds, seeds = Rounds(), iter(range(2, 1_000))
    with tempfile.TemporaryDirectory() as folder, KafkaCluster() as cluster:
        stage = Stage(cluster, Path(folder))
        try:
            new = partial(Load, stage.port, n_clients=options.clients)
            if options.restart_broker:
                report_restart(stage, new(size=50, n_events=options.events, seed=next(seeds)))
                return
            stage.measured(new(size=50, n_events=5_000, seed=next(seeds)))  # warm-up
            for _ in range(options.rounds):
                for name, size, n_events in (("100", 100, 1), ("50", 50, 1), ("1", 1, 5)):
                    load = new(size=size, n_events=options.events // n_events, seed=next(seeds))
                    rounds.add(f"batches of {name}", stage.measured(load)[0])
        finally:
            stage.close()
    rounds.report("ingest", vars(options), "batches of 50", "events_per_s")


def report_restart(stage: Stage, load: Load) -> None:
    sent, away_s = stage.restarted(load)
    found = stage.ids()
    missing = [each for each in sent.accepted if each not in found]
    row = {
        "accepted": len(sent.accepted), "missing": len(missing), "twice": sum(found.values()) - len(found),
        "events_per_s": len(sent.accepted) / sent.wall_s, "away_s": away_s,
        "events_per_s_else": len(sent.accepted) / (sent.wall_s - away_s), "slowest_ms": max(sent.times_ms),
    } | {f"answers_{status}": n for status, n in sent.statuses.items()}  # fmt: skip
    rounds = Rounds()
    rounds.add("broker restarted", row)
    rounds.report("ingest", {"events": load.n_events, "clients": load.n_clients}, "broker restarted", "events_per_s")
    assert not missing
    assert len(set(sent.accepted)) == load.n_events


if __name__ == "__main__":
    main()
