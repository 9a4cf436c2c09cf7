"""How long a worker takes to come back: with its state, and after losing it, on real Kafka.

Run as `make bench NAME=restore ARGS="--accounts 50000"`. Measured from the start of the take-over (new producers,
restore) to the resume of all partitions; the start of the process is beside it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from tests.bench.report import emit
from tests.bench.scene import Scene
from tests.support.pipeline import Worker


def come_back(scene: Scene) -> tuple[Worker, dict[str, float]]:
    began_s = time.perf_counter()
    worker = scene.worker("profile")
    return worker, {
        "ready_s": time.perf_counter() - began_s,
        "take_over_s": worker.metric("braid_acquire_seconds_sum"),
        "restored_records": worker.metric("braid_restored_records_total"),
    }


def one_round(scene: Scene, n_accounts: int) -> dict[str, dict[str, float]]:
    n_events = 2 * n_accounts
    scene.publish_events(n_events, n_accounts)
    scene.run_stage("normalise", "braid_records_total", n_events)
    scene.run_stage("profile", "braid_events_applied_total", n_events)
    kept, with_state = come_back(scene)
    kept.terminate()
    shutil.rmtree(scene.folder / "state" / "profile")
    restored, without = come_back(scene)
    without["records_per_s"] = without["restored_records"] / without["take_over_s"]
    without["state_users"] = n_accounts
    restored.terminate()
    return {"braid": without, "braid with its state": with_state}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--accounts", type=int, default=50_000)
    options.add_argument("--rounds", type=int, default=2)
    asked = options.parse_args()
    measured: dict[str, dict[str, list[float]]] = {}
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for engine, row in one_round(Scene(cluster.bootstrap_servers, Path(folder)), asked.accounts).items():
                for name, value in row.items():
                    measured.setdefault(engine, {}).setdefault(name, []).append(value)
    emit("restore", {"accounts": asked.accounts, "partitions": 4}, measured, measure="take_over_s")


if __name__ == "__main__":
    main()
