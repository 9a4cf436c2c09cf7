"""What an engine costs while little happens: CPU at a few events a second, at 1,000, and at none, on real Kafka.

Run as `make bench NAME=idle ARGS="--rates 0 20 1000 --seconds 30 --rounds 3"`. Braid runs all of its stages in one
worker, Quix its two in one application; both serve all the rates one after the other, turn by turn over the rounds.
`cores` is user and system time of the process over the seconds at the rate, a few warm-up seconds left out;
`wakeups_per_s` counts how often one of its threads was woken. The clients' threads are part of both.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from tests.bench.report import ratio
from tests.bench.rounds import Rounds
from tests.bench.scene import PARTITIONS
from tests.bench.serving_engines import ENGINES
from tests.bench.steady import PEOPLE, furnished, serving

ALL_STAGES = ""


def one_round(servers: str, folder: Path, engine: str, asked: argparse.Namespace, rounds: Rounds) -> None:
    scene = furnished(servers, folder, asked.items, "hashed")
    with serving(scene, engine, ALL_STAGES, "hashed") as serves:
        for rate in asked.rates:
            row = serves.at_rate(rate, asked.seconds)
            rounds.add(f"{engine} at {rate:g}", {"cores": row.pop("cores")} | row)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rates", type=float, nargs="*", default=[0.0, 20.0, 1_000.0], help="events a second")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--items", type=int, default=20_000)
    options.add_argument("--engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    asked = options.parse_args()
    rounds = Rounds()
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for engine in asked.engines:
                one_round(cluster.bootstrap_servers, Path(folder), engine, asked, rounds)
    names = [f"{rate:g}" for rate in asked.rates]
    busy = [f"{rate:g}" for rate in asked.rates if rate]  # of nothing there is no share
    first, *others = asked.engines
    settings = {
        **vars(asked), "people": PEOPLE, "partitions": PARTITIONS, "encoder": "hashed",
        "cores_ratio": {
            f"{first}/{other} at {rate}": ratio(
                rounds.engines[f"{first} at {rate}"]["cores"], rounds.engines[f"{other} at {rate}"]["cores"]
            )
            for other in others for rate in busy
        },
    }  # fmt: skip
    rounds.report("idle", settings, f"{first} at {names[0]}", "cores")


if __name__ == "__main__":
    main()
