"""What an event and an account cost in bytes and in CPU, and what most of it goes to, on real Kafka.

Run as `make bench NAME=cost ARGS="--events 200000 --accounts 20000 --rounds 3"`. Two ways of running over the same
kind of events: `catching up` (a backlog, a stage at a time, batches as large as they get) and `live` (all stages in one
worker at `--rate` events a second, so a person is hardly ever twice in a batch). Bytes of topics are those of their
log files (uncompressed, before any compaction). `state_bytes_per_account` is the packed record, which is what a
compacted changelog keeps, and `store_bytes_per_account` RocksDB's folder after a clean stop. The parts of a state are
in `settings.state_bytes_of`, the wall seconds of the profile stage's steps, per million events, in the measures.
"""

from __future__ import annotations

import argparse
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from streams.brokers.kafka import KafkaCluster
from streams.domain.states import UserState, pack_state, unpack_state
from tests.bench.process_seen import ProcessSeen
from tests.bench.rounds import Rounds
from tests.bench.scene import PARTITIONS, Scene, measure
from tests.bench.steady import furnished, serving
from tests.support.pipeline import Worker, records_of

Row = dict[str, float]
MILLION = 1e6
STEPS = ("prepare", "fold", "commit", "store")


@dataclass(frozen=True)
class Bench:
    """The broker and where it writes."""

    servers: str
    logs: Path
    broker: ProcessSeen
    folder: Path

    def log_bytes(self, topic: str) -> int:
        """Of all partitions, as written."""
        return sum(path.stat().st_size for path in self.logs.rglob(f"{topic}-[0-9]*/*.log"))


def catching_up(bench: Bench, asked: argparse.Namespace) -> tuple[Row, Row]:
    """(measures, bytes of the parts of a state)."""
    scene = furnished(bench.servers, bench.folder, asked.items, "hashed")
    scene.publish_events(asked.events, asked.accounts)
    broker_s = bench.broker.cpu_s()
    row = stage_row(scene, "normalise", "braid_records_total", asked.events)
    scene.warm_embeddings()
    row |= stage_row(scene, "profile", "braid_events_applied_total", asked.events)
    row["broker_core_s_per_million"] = MILLION * (bench.broker.cpu_s() - broker_s) / asked.events
    row |= bytes_an_event(bench, scene, asked.events)
    states = last_states(scene)
    row |= bytes_an_account(states, asked.events)
    row["store_bytes_per_account"] = folder_bytes(scene.folder / "state" / "profile") / len(states)
    parts = parts_of(states)
    scene.drop_topics(scene.prefix)
    return row, parts


def live(bench: Bench, asked: argparse.Namespace) -> Row:
    """All stages, events as they come."""
    scene = furnished(bench.servers, bench.folder, asked.items, "hashed")
    with serving(scene, "braid", "", "hashed") as serves:
        before = bytes_an_event(bench, scene, 1)
        broker_s = bench.broker.cpu_s()
        seen = serves.at_rate(asked.rate, asked.seconds)
        serves.settle()
        n_all = serves.n_published - 1  # warm-up included, the first event not
        row = {
            "worker_core_s_per_million": MILLION * seen["cores"] / seen["rate_per_s"],
            "broker_core_s_per_million": MILLION * (bench.broker.cpu_s() - broker_s) / n_all,
            "profiles_per_event": seen["profiles_per_event"],
        }
        after = bytes_an_event(bench, scene, 1)
        return row | {name: (after[name] - before[name]) / n_all for name in after}


def stage_row(scene: Scene, stage: str, counter: str, n_events: int) -> Row:
    """A stage alone over a full topic: CPU, and where its wall time went."""
    worker = scene.worker(stage)
    try:
        measured = measure(worker, counter, n_events)
        steps = steps_s(worker, stage)
        worker.terminate()
    finally:
        worker.kill()
    return {
        f"{stage}_events_per_s": measured["events_per_s"],
        f"{stage}_core_s_per_million": measured["cpu_us_per_event"],
        **{f"{stage}_{step}_s_per_million": MILLION * steps[step] / n_events for step in STEPS if step in steps},
    }


def steps_s(worker: Worker, stage: str) -> Row:
    """Wall seconds a step, over all lanes."""
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    heads = {step: f'braid_stage_seconds_sum{{stage="{stage}",step="{step}"}}' for step in STEPS}
    return {
        step: float(line.rpartition(" ")[2]) for step, head in heads.items() for line in lines if line.startswith(head)
    }


def bytes_an_event(bench: Bench, scene: Scene, n_events: int) -> Row:
    """Of every topic that an event passes."""
    names = scene.names
    topics = {
        "events": names.events("shop"), "user_events": names.user_events, "changelog": names.profile_state,
        "profiles": names.profiles,
    }  # fmt: skip
    return {f"{of}_bytes_per_event": bench.log_bytes(topic) / n_events for of, topic in topics.items()}


def last_states(scene: Scene) -> list[UserState]:
    """The state of every user, as the changelog has it last; markers are not users."""
    last = {message.key(): message.value() for message in records_of(scene.servers, scene.names.profile_state)}
    return [unpack_state(value) for key, value in last.items() if key and value and not key.startswith(b"\x00")]


def bytes_an_account(states: list[UserState], n_events: int) -> Row:
    n_bytes = sum(len(pack_state(state)) for state in states)
    return {
        "n_accounts": float(len(states)),
        "events_per_account": n_events / len(states),
        "state_bytes_per_account": n_bytes / len(states),
        "state_bytes_per_event": n_bytes / n_events,
    }


def parts_of(states: list[UserState]) -> Row:
    """Packed bytes of the parts of a state, means over the accounts."""
    accounts = [account for state in states for account in state.accounts.values()]
    sizes = {
        "vectors": [len(account.short) + len(account.long) for account in accounts],
        "tags": [len(pack_state(account.tags)) for account in accounts],
        "recent": [len(pack_state(account.recent)) for account in accounts],
        "seen": [len(pack_state(account.seen)) for account in accounts],
    }
    means = {name: mean(values) for name, values in sizes.items()}
    whole = mean(len(pack_state(state)) for state in states)
    return means | {"rest": whole - sum(means.values()), "whole": whole}


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=200_000)
    options.add_argument("--accounts", type=int, default=20_000)
    options.add_argument("--items", type=int, default=20_000)
    options.add_argument("--rate", type=float, default=1_000)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    rounds = Rounds()
    with tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        logs = Path(folder) / "kafka"
        with KafkaCluster(data_dir=logs) as cluster:
            bench = Bench(cluster.bootstrap_servers, logs, ProcessSeen(cluster.pid(1)), Path(folder))
            for _ in range(asked.rounds):
                row, parts = catching_up(bench, asked)
                rounds.add("catching up", row)
                rounds.add("live", live(bench, asked))
    settings = {**vars(asked), "partitions": PARTITIONS, "encoder": "hashed", "state_bytes_of": parts}
    rounds.report("cost", settings, "catching up", "changelog_bytes_per_event")


if __name__ == "__main__":
    main()
