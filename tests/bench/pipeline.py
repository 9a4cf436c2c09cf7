"""Events a second and CPU per event of the same job on Braid and its peers, on real Kafka, caches warm.

Run as `make bench NAME=pipeline ARGS="--events 100000 --rounds 3"`. Events of about 700 bytes by 5,000 people on one
platform with 4 partitions; every item is in the catalogue. Each stage runs alone in a process of its own over a full
topic, from its first record to its last durable effect; `events_per_s` and `cpu_us_per_event` are of both stages, one
after the other (Bytewax: of one dataflow, which needs no topic in between). Engines: `braid` (its worker), `raw`
(Braid's checkpoint loop on bare confluent-kafka), `quix`, `bytewax`, `faust` (an event at a time: few events), an
engine's other variant after a colon. All profiles are read back and must count every event once.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from streams.domain.profiles import decode_profile
from tests.bench.peers.job import JobSpec
from tests.bench.peers.processes import run
from tests.bench.report import emit, ratio
from tests.bench.scene import ITEMS, PARTITIONS, Scene
from tests.support.pipeline import SECRET, records_of

PEOPLE = 5_000
FAUST_EVENTS = 5_000
PEERS = ("raw", "quix", "bytewax", "faust")
#: The faster variant of each engine.
BEST = {"quix": "sink", "bytewax": "batch"}

Row = dict[str, float]


@dataclass
class Measured:
    """Engine -> measure -> a value a round."""

    engines: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, engine: str, row: Row) -> None:
        for name, value in row.items():
            self.engines.setdefault(engine, {}).setdefault(name, []).append(value)
        print(f"{engine}: " + ", ".join(f"{name} {value:,.0f}" for name, value in row.items()), file=sys.stderr)

    def cpu_ratios(self) -> dict[str, dict[str, float]]:
        """Braid's CPU per event over each peer's."""
        ours = self.engines["braid"]["cpu_us_per_event"]
        return {
            f"braid/{engine}": ratio(ours, theirs["cpu_us_per_event"])
            for engine, theirs in self.engines.items()
            if engine != "braid"
        }

    def table(self) -> str:
        """Medians and spread, for people."""
        lines = ["engine | " + " | ".join(self.engines["braid"])]
        for engine, measures in self.engines.items():
            cells = [f"{statistics.median(each):,.0f} ({min(each):,.0f}-{max(each):,.0f})" for each in measures.values()]
            lines.append(f"{engine} | " + " | ".join(cells))
        return "\n".join(lines)


def braid(scene: Scene, n_events: int) -> Row:
    """The worker, a stage at a time; what it leaves is the input of the others' stages."""
    normalise = scene.run_stage("normalise", "braid_records_total", n_events)
    scene.warm_embeddings()
    profile = scene.run_stage("profile", "braid_events_applied_total", n_events)
    n_profiles = checked(scene.servers, scene.names.profiles, n_events)
    return both(normalise, profile) | {"n_profiles": n_profiles}


def peer(scene: Scene, engine: str, n_events: int) -> Row:
    """An engine over the same topics."""
    name, _, variant = engine.partition(":")
    own = scene.add_topics_of(name)
    folder = engine.replace(":", "-")
    scene.warm_embeddings(folder)

    def stage(of: str) -> Row:
        state = str(scene.folder / folder)
        chosen = variant or BEST.get(name, "")
        return run(JobSpec(name, of, scene.servers, scene.prefix, SECRET, n_events, state, chosen))

    row = both(stage("normalise"), stage("profile"))
    n_profiles = checked(scene.servers, own.profiles, n_events)
    scene.drop_topics(own.prefix)
    if name == "bytewax":
        scene.add_topics_of(name)
        row |= stage("whole")
        n_profiles = checked(scene.servers, own.profiles, n_events)
        scene.drop_topics(own.prefix)
    return row | {"n_profiles": n_profiles}


def both(normalise: Row, profile: Row) -> Row:
    """Two stages that follow each other: their times add up."""
    return {
        "events_per_s": 1.0 / (1.0 / normalise["events_per_s"] + 1.0 / profile["events_per_s"]),
        "cpu_us_per_event": normalise["cpu_us_per_event"] + profile["cpu_us_per_event"],
        **{f"normalise_{name}": value for name, value in normalise.items()},
        **{f"profile_{name}": value for name, value in profile.items()},
    }


def checked(servers: str, topic: str, n_events: int) -> float:
    """Number of profiles published, once the last of every user are seen to count each event once."""
    n_records, last = 0, {}
    for message in records_of(servers, topic):
        n_records += 1
        last[message.key()] = message.value()
    counted = sum(decode_profile(value).events_applied for value in last.values())
    assert counted == n_events, f"{topic} counts {counted} of {n_events} events"
    return float(n_records)


def one_round(scene: Scene, n_events: int, peers: list[str], took: Callable[[str, Row], None]) -> None:
    scene.publish_items()
    scene.publish_events(n_events, PEOPLE)
    took("braid catalogue", scene.run_stage("catalogue", "braid_items_total", ITEMS))
    took("braid", braid(scene, n_events))
    for engine in peers:
        took(engine, peer(scene, engine, min(n_events, FAUST_EVENTS) if engine == "faust" else n_events))
    scene.drop_topics(scene.prefix)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--peers", nargs="*", default=list(PEERS), help="for example: quix quix:each bytewax:each")
    asked = options.parse_args()
    measured = Measured()
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        for _ in range(asked.rounds):
            one_round(Scene(cluster.bootstrap_servers, Path(folder)), asked.events, asked.peers, measured.add)
    catalogue = measured.engines.pop("braid catalogue")
    print(measured.table(), file=sys.stderr)
    settings = {
        "events": asked.events, "faust_events": min(asked.events, FAUST_EVENTS), "people": PEOPLE, "items": ITEMS,
        "partitions": PARTITIONS, "encoder": "hashed", "cpu_ratios": measured.cpu_ratios(),
        "catalogue_items_per_s": statistics.median(catalogue["events_per_s"]),
    }  # fmt: skip
    emit("pipeline", settings, measured.engines)


if __name__ == "__main__":
    main()
