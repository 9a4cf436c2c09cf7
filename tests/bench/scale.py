"""The profile stage with more workers and with more accounts in its state, on real Kafka.

Run as `make bench NAME=scale ARGS="--accounts 1000000 --events 200000 --rounds 3"`. The accounts are written to the
changelog directly (tests/bench/made_states.py, about 10 events each) and restored by the workers before the clock
starts. Then the same backlog of `user-events` is released at one instant over one worker or two, each held to a core
of its own (`--free` lets them roam); the clock stops when the last event is applied. In both sizes of state the same
`--active` people act, Zipf as in the other benchmarks; `all active` lets every account of the large state act, so
that a micro-batch hardly ever meets a person twice. The broker runs on the same cores: `broker_us_per_event` says
what it took, `larger_share` how evenly two workers shared the events.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from tests.bench.made_events import HeldEvents, packed
from tests.bench.made_states import MadeStates, publish_transactions
from tests.bench.process_seen import ProcessSeen
from tests.bench.report import ratio
from tests.bench.rounds import Rounds
from tests.bench.scene import PARTITIONS, Scene, events, measure
from tests.support.pipeline import Worker

APPLIED = "braid_events_applied_total"
READY_S = 600.0
#: Kafka compacts a topic this soon; a cleaner at work would be measured in some rounds and not in others.
QUIET_BROKER = {"log.cleaner.backoff.ms": "86400000"}


@dataclass
class Place:
    """A scene whose state holds so many accounts. n_bytes: of the changelog's keys and values."""

    scene: Scene
    n_accounts: int
    n_bytes: int
    n_runs: int = 0

    @classmethod
    def made(cls, servers: str, folder: Path, n_accounts: int, n_items: int) -> Place:
        scene = Scene(servers, folder)
        scene.catalogue = scene.catalogue[:n_items]
        scene.publish_items()
        catalogue = scene.worker("catalogue", "catalogue")
        try:
            measure(catalogue, "braid_items_total", n_items)
            catalogue.terminate()
        finally:
            catalogue.kill()
        states = MadeStates.folded(scene.catalogue, time.time())
        n_bytes = publish_transactions(servers, scene.names.profile_state, states.records(n_accounts))
        return cls(scene, n_accounts, n_bytes)

    def hold_events(self, n_events: int, n_active: int) -> HeldEvents:
        """A backlog of its own for every run, each newer than the one before."""
        self.n_runs += 1
        now_s = time.time()
        made = events(n_events, n_active, self.scene.catalogue, now_s - 86_400, seed=100 + self.n_runs)
        return HeldEvents(self.scene.servers, self.scene.names.user_events, packed(made, now_s))


@contextmanager
def held_to(core: int | None) -> Iterator[None]:
    """Processes that this thread starts meanwhile stay on one core."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def start_workers(scene: Scene, n_workers: int, pinned: bool) -> list[Worker]:
    """All ready, and every one owning partitions."""
    cores = sorted(os.sched_getaffinity(0))
    workers = []
    for number in range(n_workers):
        state = f"worker-{number}"
        if not (scene.folder / state).exists():
            scene.warm_embeddings(state)
        with held_to(cores[number % len(cores)] if pinned else None):
            worker = Worker(
                scene.servers, scene.prefix, scene.folder / state, only="profile", BRAID_KAFKA__SESSION_TIMEOUT_S="10"
            )
            workers.append(worker)
    try:
        wait_shared_out(workers)
    except BaseException:
        for worker in workers:
            worker.kill()
        raise
    return workers


def wait_shared_out(workers: list[Worker]) -> None:
    """Raises AssertionError when one of them dies or it takes too long."""
    give_up_at_s = time.monotonic() + READY_S
    while not shared_out(workers):
        assert all(worker.process.poll() is None for worker in workers), "\n".join(each.tail() for each in workers)
        assert time.monotonic() < give_up_at_s, f"not all of {len(workers)} workers ready within {READY_S:.0f} s"
        time.sleep(0.2)


def shared_out(workers: list[Worker]) -> bool:
    """Whether every worker is ready with its share of the partitions."""
    with suppress(OSError, AssertionError):  # not listening yet, or not ready
        for worker in workers:
            worker.wait_ready(1)
        n_owned = [worker.metric("braid_owned_partitions") for worker in workers]
        return n_owned == [PARTITIONS / len(workers)] * len(workers)
    return False


@dataclass(frozen=True)
class Run:
    """What is measured at once. pinned: each worker held to a core."""

    n_workers: int
    n_events: int
    n_active: int
    pinned: bool


def run_once(place: Place, broker: ProcessSeen, shape: Run) -> dict[str, float]:
    held = place.hold_events(shape.n_events, shape.n_active)
    workers = start_workers(place.scene, shape.n_workers, shape.pinned)
    try:
        row = drained(workers, broker, held)
        for worker in workers:
            worker.terminate()
    finally:
        for worker in workers:
            worker.kill()
    return row


def drained(workers: list[Worker], broker: ProcessSeen, held: HeldEvents) -> dict[str, float]:
    """From the release to the last event applied."""
    seen = [ProcessSeen(worker.process.pid) for worker in workers]
    cpu_s, broker_s = sum(each.cpu_s() for each in seen), broker.cpu_s()
    held.release()
    began_s = time.perf_counter()
    while (done := sum(applied := [worker.metric(APPLIED) for worker in workers])) < held.n_records:
        for worker in workers:
            assert worker.process.poll() is None, worker.tail()
        # Every question costs a worker milliseconds: few while much is left, more towards the end.
        left_s = (held.n_records - done) * (time.perf_counter() - began_s) / max(done, 1.0)
        time.sleep(min(max(left_s / 2, 0.03), 0.5))
    lasted_s = time.perf_counter() - began_s
    return {
        "events_per_s": done / lasted_s,
        "cpu_us_per_event": 1e6 * (sum(each.cpu_s() for each in seen) - cpu_s) / done,
        "broker_us_per_event": 1e6 * (broker.cpu_s() - broker_s) / done,
        "larger_share": max(applied) / done,
        "rss_mib": sum(each.rss_bytes() for each in seen) / (1 << 20),
    }


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000, help="in the large state")
    parser.add_argument("--small", type=int, default=10_000, help="accounts in the small state")
    parser.add_argument("--active", type=int, default=10_000, help="people who act, in both")
    parser.add_argument("--events", type=int, default=200_000, help="a run")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--free", action="store_true", help="do not hold each worker to a core")
    return parser


def main() -> None:
    asked = options().parse_args()
    small, large = f"{asked.small} accounts", f"{asked.accounts} accounts"
    n_active = min(asked.active, asked.small)
    rounds = Rounds()
    with tempfile.TemporaryDirectory(prefix="braid-bench-") as folder, KafkaCluster(overrides=QUIET_BROKER) as cluster:
        broker = ProcessSeen(cluster.pid(1))
        places = {
            name: Place.made(cluster.bootstrap_servers, Path(folder), n_accounts, asked.items)
            for name, n_accounts in ((small, asked.small), (large, asked.accounts))
        }
        for _ in range(asked.rounds):
            for name, place in places.items():
                for n_workers in (1, 2):
                    row = run_once(place, broker, Run(n_workers, asked.events, n_active, not asked.free))
                    rounds.add(f"{n_workers} worker{'s' * (n_workers > 1)}, {name}", row)
            row = run_once(places[large], broker, Run(1, asked.events, asked.accounts, not asked.free))
            rounds.add(f"1 worker, {large}, all active", row)
        free_bytes = shutil.disk_usage(folder).free
    speed = {engine: measures["events_per_s"] for engine, measures in rounds.engines.items()}
    settings = {
        **vars(asked), "active": n_active, "encoder": "hashed", "partitions": PARTITIONS, "disk_free_bytes": free_bytes,
        "changelog_bytes": {name: place.n_bytes for name, place in places.items()},
        "two_workers_over_one": {
            name: ratio(speed[f"2 workers, {name}"], speed[f"1 worker, {name}"]) for name in places
        },
        "large_over_small": {
            "same people active": ratio(speed[f"1 worker, {large}"], speed[f"1 worker, {small}"]),
            "all active": ratio(speed[f"1 worker, {large}, all active"], speed[f"1 worker, {small}"]),
        },
    }  # fmt: skip
    rounds.report("scale", settings, f"1 worker, {small}", "events_per_s")


if __name__ == "__main__":
    main()
