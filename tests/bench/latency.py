"""From an event being sent to its profile being read from the topic, on real Kafka: at fixed rates, at half the peak.

Run as `make bench NAME=latency ARGS="--rates 1000 half --seconds 20 --rounds 3"`. Both stages in one process; every
text that a person writes (5 % of the events have one) is new and goes through the encoder; the reader is a plain
read_committed consumer. `half` is half of what the engine itself reached over a backlog of `--backlog` events just
before (`peak_per_s`). Engines, turn by turn: `braid`, and `quix` with a profile an event and a linger of 1 ms.
`cores` is the CPU the engine took while the events came; `seen_share` below 1 says that it did not keep up.
`--encoder minilm` encodes with real weights (Braid only, with fewer items: `--engines braid --items 2000`).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from tests.bench.rounds import Rounds
from tests.bench.scene import PARTITIONS
from tests.bench.serving_engines import ENGINES
from tests.bench.steady import PEOPLE, furnished, serving

HALF = "half"


def one_round(servers: str, folder: Path, engine: str, asked: argparse.Namespace, rounds: Rounds) -> None:
    scene = furnished(servers, folder, asked.items, asked.encoder)
    with serving(scene, engine, "normalise,profile", asked.encoder) as serves:
        peak = serves.peak_per_s(asked.backlog) if HALF in asked.rates else 0.0
        for rate in asked.rates:
            row = serves.at_rate(peak / 2 if rate == HALF else float(rate), asked.seconds)
            of_peak = {"peak_per_s": peak} if rate == HALF else {}
            rounds.add(f"{engine} at {rate}", {name: row.pop(name) for name in ("p50_ms", "p99_ms")} | row | of_peak)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rates", nargs="*", default=["1000", HALF], help=f"events a second, or `{HALF}` (the peak)")
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--backlog", type=int, default=40_000)
    options.add_argument("--items", type=int, default=20_000)
    options.add_argument("--encoder", default="hashed")
    options.add_argument("--engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    asked = options.parse_args()
    rounds = Rounds()
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            for engine in asked.engines:
                one_round(cluster.bootstrap_servers, Path(folder), engine, asked, rounds)
    settings = {**vars(asked), "people": PEOPLE, "partitions": PARTITIONS}
    rounds.report("latency", settings, f"{asked.engines[0]} at {asked.rates[0]}", "p50_ms")


if __name__ == "__main__":
    main()
