"""From the broker's time of an event to its profile being read from the topic, at a steady rate, on real Kafka.

Run as `make bench NAME=latency ARGS="--rate 1000 --seconds 20 --rounds 3"`. All three stages in one worker, hashed
encoder; the reader is a plain read_committed consumer.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer

from streams.brokers.connection import consumer_config
from streams.brokers.kafka import KafkaCluster
from streams.domain.profiles import decode_profile
from streams.settings import Kafka
from tests.bench.report import emit
from tests.bench.scene import Scene, events

PEOPLE = 5_000
WARM_UP_S = 4.0
#: Events sent together: the generator must not take the core that is measured.
TICK = 10


def read_latencies(servers: str, topic: str, latencies_s: list[float], stopped: threading.Event) -> None:
    consumer = Consumer(consumer_config(Kafka(bootstrap_servers=servers), "bench-reader", **{"fetch.wait.max.ms": 5}))
    consumer.subscribe([topic])
    while not stopped.is_set():
        values = [message.value() for message in consumer.consume(1_000, 0.02) if message.error() is None]
        now_s = time.time()
        latencies_s.extend(now_s - decode_profile(value).updated_at for value in values)
    consumer.close()


def one_round(scene: Scene, rate: float, seconds: float) -> dict[str, float]:
    worker = scene.worker()
    latencies_s: list[float] = []
    stopped = threading.Event()
    reader = threading.Thread(target=read_latencies, args=(scene.servers, scene.names.profiles, latencies_s, stopped))
    reader.start()
    made = list(events(int(rate * (seconds + WARM_UP_S)), PEOPLE, scene.catalogue, time.time() - 86_400))
    began_s, n_warm, cpu_s, warm_cpu_s = time.perf_counter(), 0, 0.0, None
    for number, (key, value) in enumerate(made):
        if number % TICK == 0:
            time.sleep(max(0.0, began_s + number / rate - time.perf_counter()))
            scene.producer.poll(0)
        if warm_cpu_s is None and number >= rate * WARM_UP_S:
            n_warm, warm_cpu_s = len(latencies_s), worker.metric("process_cpu_seconds_total")
        scene.producer.produce(scene.names.events("shop"), value, key)
    scene.producer.flush(10)
    time.sleep(1.0)
    cpu_s = worker.metric("process_cpu_seconds_total") - (warm_cpu_s or 0.0)
    stopped.set()
    reader.join()
    worker.terminate()
    measured = np.array(latencies_s[n_warm:]) * 1000
    return {
        "p50_ms": float(np.percentile(measured, 50)),
        "p99_ms": float(np.percentile(measured, 99)),
        "cores": cpu_s / (seconds + 1.0),
        "n_profiles": float(len(measured)),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=1_000)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    measured: dict[str, list[float]] = {}
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for name, value in one_round(
                Scene(cluster.bootstrap_servers, Path(folder)), asked.rate, asked.seconds
            ).items():
                measured.setdefault(name, []).append(value)
    settings = {"rate": asked.rate, "seconds": asked.seconds, "people": PEOPLE, "partitions": 4, "encoder": "hashed"}
    emit("latency", settings, {"braid": measured})


if __name__ == "__main__":
    main()
