"""Events a second and CPU per event of the stages, on real Kafka, embedding cache warm.

Run as `make bench NAME=pipeline ARGS="--events 100000 --rounds 3"`. Events of about 700 bytes by 5,000 people on one
platform with 4 partitions; every item is in the catalogue. Each stage runs alone in a process of its own over a full
topic, from its first batch to its last.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from tests.bench.report import emit
from tests.bench.scene import ITEMS, Scene

PEOPLE = 5_000


def one_round(scene: Scene, n_events: int) -> dict[str, dict[str, float]]:
    scene.publish_items()
    scene.publish_events(n_events, PEOPLE)
    return {
        "braid catalogue": scene.run_stage("catalogue", "braid_items_total", ITEMS),
        "braid normalise": scene.run_stage("normalise", "braid_records_total", n_events),
        "braid profile": scene.run_stage("profile", "braid_events_applied_total", n_events),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    measured: dict[str, dict[str, list[float]]] = {}
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for stage, row in one_round(Scene(cluster.bootstrap_servers, Path(folder)), asked.events).items():
                for name, value in row.items():
                    measured.setdefault(stage, {}).setdefault(name, []).append(value)
    settings = {"events": asked.events, "people": PEOPLE, "items": ITEMS, "partitions": 4, "encoder": "hashed"}
    emit("pipeline", settings, measured, baseline="braid profile")


if __name__ == "__main__":
    main()
