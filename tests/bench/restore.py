"""How long an engine takes to come back: with its state, and after losing the folder, on real Kafka.

Run as `make bench NAME=restore ARGS="--accounts 1000000 --peer-accounts 100000 --faust-accounts 20000 --rounds 3"`.
Accounts of about 10 events each are written to the changelog directly (tests/bench/made_states.py), a record each.
Braid: `take_over_s` is from the assignment to the resume of all 4 partitions (new producers, fencing, restore) as the
worker's own metrics tell, `ready_s` from the start of the process. Quix and plain Faust keep the same records in their
own state through their own changelog (fewer of them, since that takes long) and restore it alone in their process, from
the assignment to the end of the recovery. What counts is `records_per_s`. Rounds are interleaved.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from tests.bench.made_states import MadeStates, publish_transactions
from tests.bench.peers.job import JobSpec
from tests.bench.peers.processes import run
from tests.bench.rounds import Rounds
from tests.bench.scale import QUIET_BROKER, start_workers
from tests.bench.scene import PARTITIONS, Scene
from tests.support.pipeline import SECRET, Worker

Row = dict[str, float]


def braid_comes_back(scene: Scene, n_accounts: int) -> tuple[Row, Row]:
    """(without its state, with it)."""
    shutil.rmtree(scene.folder / "worker-0" / "profile", ignore_errors=True)
    without = taken_over(scene)
    assert without["restored_records"] == n_accounts, f"{without['restored_records']} records restored of {n_accounts}"
    without["records_per_s"] = n_accounts / without["take_over_s"]
    return without, taken_over(scene)


def taken_over(scene: Scene) -> Row:
    """A worker from its start until it owns every partition; it ends in good order."""
    began_s = time.perf_counter()
    (worker,) = start_workers(scene, 1, pinned=False)
    try:
        row = {
            "take_over_s": worker.metric("braid_acquire_seconds_sum"),
            "ready_s": time.perf_counter() - began_s,
            "restored_records": n_restored(worker),
        }
        worker.terminate()
    finally:
        worker.kill()
    return row


def n_restored(worker: Worker) -> float:
    """Records of the changelog that its partitions read, as it logged when it had taken them over."""
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if "partitions_acquired" in line]
    return float(sum(line["n_restored"] for line in lines))


def peer(scene: Scene, states: MadeStates, name: str, n_accounts: int) -> Callable[[], Row]:
    """An engine that has filled its changelog; each call is a restore into an empty folder."""
    own = scene.add_topics_of(f"{name}-restore")
    publish_transactions(scene.servers, own.user_events, states.records(n_accounts))
    folder = scene.folder / name

    def stage(of: str) -> Row:
        shutil.rmtree(folder, ignore_errors=True)
        return run(JobSpec(f"{name}-restore", of, scene.servers, scene.prefix, SECRET, n_accounts, str(folder)))

    stage("fill")

    def restored() -> Row:
        row = stage("restore")
        assert row["restored_records"] == n_accounts, f"{name}: {row['restored_records']} of {n_accounts} restored"
        return row

    return restored


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000, help="of Braid")
    parser.add_argument("--peer-accounts", type=int, default=100_000, help="of Quix; 0 leaves it out")
    parser.add_argument("--faust-accounts", type=int, default=20_000, help="of plain Faust; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=3)
    return parser


def main() -> None:
    asked = options().parse_args()
    n_copied = {"quix": asked.peer_accounts, "faust": asked.faust_accounts}
    rounds = Rounds()
    with tempfile.TemporaryDirectory(prefix="braid-bench-") as folder, KafkaCluster(overrides=QUIET_BROKER) as cluster:
        scene = Scene(cluster.bootstrap_servers, Path(folder))
        states = MadeStates.folded(scene.catalogue, time.time())
        n_bytes = publish_transactions(scene.servers, scene.names.profile_state, states.records(asked.accounts))
        peers = {name: peer(scene, states, name, n_accounts) for name, n_accounts in n_copied.items() if n_accounts}
        for _ in range(asked.rounds):
            without, with_state = braid_comes_back(scene, asked.accounts)
            rounds.add("braid", without)
            rounds.add("braid with its state", with_state)
            for name, restored in peers.items():
                rounds.add(name, restored())
    settings = {
        **vars(asked), "partitions": PARTITIONS, "changelog_bytes": n_bytes,
        "mib_per_s": n_bytes / (1 << 20) / rounds.median("braid", "take_over_s"),
    }  # fmt: skip
    rounds.report("restore", settings, "braid", "records_per_s")


if __name__ == "__main__":
    main()
