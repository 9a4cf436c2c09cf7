"""From the broker's time of an event to its profile being read from the topic, at a steady rate, on real Kafka.

Run as `make bench NAME=latency ARGS="--rate 1000 --seconds 15 --rounds 3"`. Both stages in one process, hashed encoder,
caches warm; the reader is a plain read_committed consumer. Engines, turn by turn: `braid`, and `quix` with a profile an
event and a linger of 1 ms. `cores` is the CPU the engine took while the events came.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer

from streams.brokers.connection import consumer_config
from streams.brokers.kafka import KafkaCluster
from streams.domain.profiles import decode_profile
from streams.settings import Kafka
from tests.bench.peers.job import JobSpec
from tests.bench.peers.processes import start
from tests.bench.report import emit
from tests.bench.scene import ITEMS, PARTITIONS, Scene, events
from tests.support.pipeline import SECRET

PEOPLE = 5_000
WARM_UP_S = 4.0
#: Events sent together: the generator must not take the core that is measured.
TICK = 10
READY_S = 90.0
#: Before what has not come yet is left out; an engine that cannot keep up shows it in what came.
DRAIN_S = 2.0


def read_latencies(servers: str, topic: str, latencies_s: list[float], stopped: threading.Event) -> None:
    consumer = Consumer(consumer_config(Kafka(bootstrap_servers=servers), "bench-reader", **{"fetch.wait.max.ms": 5}))
    consumer.subscribe([topic])
    while not stopped.is_set():
        values = [message.value() for message in consumer.consume(1_000, 0.02) if message.error() is None]
        now_s = time.time()
        latencies_s.extend(now_s - decode_profile(value).updated_at for value in values)
    consumer.close()


@dataclass
class Engine:
    """A running engine. pid: its process, for its CPU time."""

    pid: int
    profiles: str
    stop: Callable[[], object]

    def cpu_s(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_braid(scene: Scene) -> Engine:
    """The worker with both stages."""
    scene.warm_embeddings("serving")
    worker = scene.worker("normalise,profile", "serving")
    return Engine(worker.process.pid, scene.names.profiles, worker.kill)


def start_quix(scene: Scene) -> Engine:
    """One application with both stages."""
    own = scene.add_topics_of("quix")
    state = str(scene.folder / "quix")
    peer = start(JobSpec("quix", "whole", scene.servers, scene.prefix, SECRET, 0, state, "each"))
    return Engine(peer.process.pid, own.profiles, peer.stop)


ENGINES: dict[str, Callable[[Scene], Engine]] = {"braid": start_braid, "quix": start_quix}


def publish(scene: Scene, made: list[tuple[bytes, bytes]], rate: float, warm: Callable[[], None]) -> None:
    """Events at a steady rate; `warm` is called once the warm-up is over."""
    began_s, n_warm = time.perf_counter(), round(rate * WARM_UP_S)
    for number, (key, value) in enumerate(made):
        if number % TICK == 0:
            time.sleep(max(0.0, began_s + number / rate - time.perf_counter()))
            scene.producer.poll(0)
        if number == n_warm:
            warm()
        scene.producer.produce(scene.names.events("shop"), value, key)
    assert scene.producer.flush(30) == 0


def one_round(servers: str, folder: Path, engine: str, rate: float, seconds: float) -> dict[str, float]:
    scene = Scene(servers, folder)
    scene.publish_items()
    scene.run_stage("catalogue", "braid_items_total", ITEMS)
    running = ENGINES[engine](scene)
    made = list(events(1 + int(rate * (seconds + WARM_UP_S)), PEOPLE, scene.catalogue, time.time() - 86_400))
    latencies_s: list[float] = []
    stopped = threading.Event()
    reading = threading.Thread(target=read_latencies, args=(servers, running.profiles, latencies_s, stopped))
    reading.start()
    try:
        scene.producer.produce(scene.names.events("shop"), made[0][1], made[0][0])
        scene.producer.flush(10)
        give_up_at_s = time.monotonic() + READY_S
        while not latencies_s:  # until the engine and the reader have joined
            assert time.monotonic() < give_up_at_s, f"{engine}: no profile of a first event within {READY_S:.0f} s"
            time.sleep(0.05)
        warm: dict[str, float] = {}

        def note() -> None:
            warm.update(n=len(latencies_s), cpu_s=running.cpu_s(), at_s=time.perf_counter())

        publish(scene, made[1:], rate, note)
        cpu_s, lasted_s = running.cpu_s() - warm["cpu_s"], time.perf_counter() - warm["at_s"]
        time.sleep(DRAIN_S)
    finally:
        stopped.set()
        reading.join()
        running.stop()
        scene.drop_topics(scene.prefix)
    measured = np.array(latencies_s[int(warm["n"]) :]) * 1000
    return {
        "p50_ms": float(np.percentile(measured, 50)),
        "p99_ms": float(np.percentile(measured, 99)),
        "cores": cpu_s / lasted_s,
        "n_profiles": float(len(measured)),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=1_000)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    asked = options.parse_args()
    measured: dict[str, dict[str, list[float]]] = {}
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for engine in asked.engines:
                row = one_round(cluster.bootstrap_servers, Path(folder), engine, asked.rate, asked.seconds)
                print(f"{engine}: " + ", ".join(f"{name} {value:,.2f}" for name, value in row.items()), file=sys.stderr)
                for name, value in row.items():
                    measured.setdefault(engine, {}).setdefault(name, []).append(value)
    settings = {
        "rate": asked.rate, "seconds": asked.seconds, "people": PEOPLE, "partitions": PARTITIONS, "encoder": "hashed",
    }  # fmt: skip
    emit("latency", settings, measured)


if __name__ == "__main__":
    main()
