"""What the identity log costs: a million accounts linked into people, then unlinked and linked again, in a real table.

Run as `make bench NAME=identity ARGS="--accounts 1000000"`. One command a link, an account and an identifier or another
account each; decoding and hashing (`prepare`), applying (`fold`, reads of RocksDB with it) and the write are told
apart. No broker: the transaction is the checkpoint's cost, not the log's. `giant` is a person of as many accounts as
the rules allow: what its last links and its falling apart take.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from streams.adapters.identity_events import decode_identity
from streams.agents.identity import IdentityStage
from streams.domain.identity_guards import IdentityRules
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.engine.table import PartitionTable, TableStorage
from streams.service.identify import Identified, IdentityLog
from streams.service.identity_gate import IdentityGate
from tests.bench.report import emit

SECRET = b"0123456789abcdef"
NOON_S = 1_714_564_800.0
BATCH = 1_000
Said = tuple[str, dict[str, object]]
PLATFORMS = ("shop", "video", "social", "news", "music", "travel", "ads")


def on_the_log(action: str, n: int, data: dict[str, object]) -> RawRecord:
    event = {"specversion": "1.0", "id": f"c-{n}", "source": "/idp", "type": f"identity.{action}", "data": data}
    return RawRecord(json.dumps(event).encode(), (), NOON_S + n, "identity", 0, n)


def account(i: int) -> dict[str, str]:
    return {"platform": PLATFORMS[i % len(PLATFORMS)], "account": f"u-{i}"}


def people(n_accounts: int, rng: np.random.Generator) -> Iterator[range]:
    """Accounts of each person: 1 to 7, 3.3 in the mean."""
    first = 0
    while first < n_accounts:
        size = min(1 + int(rng.binomial(6, 0.39)), n_accounts - first)
        yield range(first, first + size)
        first += size


def links(n_accounts: int, rng: np.random.Generator) -> Iterator[Said]:
    """In random order: half of the people meet through a userid, half through each other; one in four has an e-mail."""
    said: list[tuple[int, int, str]] = []
    for person, accounts in enumerate(people(n_accounts, rng)):
        if person % 2:
            said += [(i, person, "userid") for i in accounts]
        else:
            said += [(i, accounts[0], "account") for i in accounts[1:]]
        if person % 4 == 0:
            said.append((accounts[0], person, "email"))
    for at in rng.permutation(len(said)):
        i, other, how = said[at]
        if how == "account":
            yield "linked", {"accounts": [account(i), account(other)]}
        else:
            value = f"p-{other}" if how == "userid" else f"p{other}@mail.example"
            yield "linked", {"accounts": [account(i)], how: value, "reason": how, "confidence": 0.9}


class Run:
    """Batches through the stage into a table, with the time of each step."""

    def __init__(self, table: PartitionTable, rules: IdentityRules) -> None:
        self.outcomes: Counter[str] = Counter()
        self.n_moves = self.n_dead = 0
        log = IdentityLog(IdentityGate(SECRET, decode_identity, rules), rules)
        self.stage = IdentityStage(log, TopicNames(), self.count)
        self.table = table
        self.offset = 0
        self.changelog_bytes = 0

    def count(self, identified: Identified) -> None:
        """Numbers only: what a batch came to is not kept."""
        self.outcomes += identified.outcomes
        self.n_moves += identified.n_moves.total()
        self.n_dead += len(identified.dead)

    def __call__(self, commands: Sequence[Said], batch: int = BATCH) -> dict[str, float]:
        """Per command: CPU microseconds of this thread for each step, wall microseconds of all three."""
        steps = {"prepare_us": 0.0, "fold_us": 0.0, "write_us": 0.0, "wall_us": 0.0}
        for at in range(0, len(commands), batch):
            chunk = commands[at : at + batch]
            records = [on_the_log(action, self.offset + i, data) for i, (action, data) in enumerate(chunk)]
            self.offset += len(chunk)
            began_s = time.perf_counter()
            cpu_s = [time.thread_time()]
            prepared = self.stage.prepare(records)
            cpu_s.append(time.thread_time())
            effects = self.stage.fold(prepared, self.table)
            cpu_s.append(time.thread_time())
            self.table.write(effects.states, self.offset)
            cpu_s.append(time.thread_time())
            steps["wall_us"] += time.perf_counter() - began_s
            for name, start_s, end_s in zip(steps, cpu_s, cpu_s[1:], strict=False):
                steps[name] += end_s - start_s
            self.stage.committed(prepared)
            self.changelog_bytes += sum(len(key) + len(value or b"") for key, value in effects.states)
        return {name: seconds * 1e6 / len(commands) for name, seconds in steps.items()}


def cpu_us(steps: dict[str, float]) -> float:
    """All steps together."""
    return steps["prepare_us"] + steps["fold_us"] + steps["write_us"]


def giant(run: Run, rules: IdentityRules) -> dict[str, float]:
    """CPU milliseconds: one of the last links of the largest person, as a batch of one, and its split into accounts."""
    last: list[Said] = [
        ("linked", {"accounts": [account(-i - 1)], "userid": "giant"}) for i in range(rules.max_accounts)
    ]
    run(last[:-20])
    one = run(last[-20:], batch=1)
    apart = run([("unlinked", {"userid": "giant"})])
    return {"giant_link_ms": cpu_us(one) / 1e3, "giant_split_ms": cpu_us(apart) / 1e3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    options = parser.parse_args()
    rng = np.random.default_rng(7)
    commands = list(links(options.accounts, rng))
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)  # as the worker has it
    base_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    with tempfile.TemporaryDirectory() as folder:
        rules = IdentityRules(max_joined={"userid": 1_000})
        table = TableStorage.under(Path(folder)).open(0)
        run = Run(table, rules)
        steps = run(commands)
        measures = {"cpu_us": cpu_us(steps), **steps, "commands_per_s": 1e6 / steps["wall_us"]}
        live_bytes = sum(len(key) + len(value) for key, value in table.items())
        measures |= {
            "commands": len(commands),
            "moves": run.n_moves,
            "state_bytes_per_account": live_bytes / options.accounts,
            "changelog_bytes_per_command": run.changelog_bytes / len(commands),
            "disk_bytes_per_account": disk_bytes(table) / options.accounts,
            "peak_rss_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) / (1 << 20),
            "rss_before_mib": base_bytes / (1 << 20),
        }
        some = rng.permutation(options.accounts)[: options.accounts // 50]
        measures["unlink_us"] = cpu_us(run([("unlinked", {"accounts": [account(int(i))]}) for i in some]))
        measures["link_again_us"] = cpu_us(run(commands[: len(some)]))
        measures |= giant(run, rules)
        assert not run.n_dead, "the load has no refused commands"
        table.close()
    emit(
        "identity",
        {"accounts": options.accounts, "batch": BATCH, "outcomes": dict(run.outcomes)},
        {"braid": {name: [value] for name, value in measures.items()}},
        measure="cpu_us",
    )


def disk_bytes(table: PartitionTable) -> int:
    """Files of the table, the write-ahead log included."""
    return sum(path.stat().st_size for path in table.path.iterdir() if path.is_file())


if __name__ == "__main__":
    main()
