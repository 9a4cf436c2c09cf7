"""`python -m tests.persons`: links and unlinks among events on real Kafka, two workers, kills; then the law is checked.

The law: whatever the interleaving, in the end there is one profile for each set of accounts that the links leave
connected, and it is the sum of what those accounts did: nothing lost, nothing twice, nothing at the wrong person.
The last line of stdout is one JSON object; the exit code is 1 when the law is broken.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.dead_letters import is_letter
from streams.domain.topic_names import TopicNames
from streams.settings import Topics
from tests.support.brokers import admin_of
from tests.support.persons import Crowd, Size, a_crowd, differences, living_profiles, publish
from tests.support.pipeline import Worker, records_of

PREFIX = "persons."
SETTLE_S = 180.0


@dataclass
class Pair:
    """Two workers that are started again whenever they end."""

    servers: str
    folder: Path
    n_kills: int = 0

    def __post_init__(self) -> None:
        self.workers = [self._start(number) for number in (0, 1)]

    def kill(self, number: int) -> None:
        """kill -9, and a new process over the same folder."""
        self.workers[number].kill()
        self.n_kills += 1
        self.workers[number] = self._start(number)

    def look_after(self) -> None:
        """A worker that ended by itself (an outcome it could not know) is started again."""
        for number, worker in enumerate(self.workers):
            if worker.process.poll() is not None:
                assert worker.process.returncode == 70, worker.tail()
                self.workers[number] = self._start(number)

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()

    def _start(self, number: int) -> Worker:
        return Worker(self.servers, PREFIX, self.folder / f"w{number}" / "state")


def run(servers: str, folder: Path, crowd: Crowd, n_kills: int, seed: int) -> tuple[list[str], int]:
    """Publish in slices with kills in between; (what is wrong once all is settled, kills)."""
    topics = TopicNames(PREFIX)
    apply(admin_of(servers), declared_topics(Topics(prefix=PREFIX, partitions=4)))
    rng = random.Random(seed)
    pair = Pair(servers, folder)
    try:
        for worker in pair.workers:
            worker.wait_ready(90)
        n_slices = max(1, n_kills) * 2
        for part in range(n_slices):
            publish(servers, topics, _slice(crowd, part, n_slices))
            time.sleep(rng.uniform(0.2, 1.5))
            if part % 2 and pair.n_kills < n_kills:
                pair.kill(rng.randrange(2))
        return _settled(servers, topics, crowd, pair), pair.n_kills
    finally:
        pair.stop()


def _slice(crowd: Crowd, part: int, n_parts: int) -> list[tuple[str, bytes, bytes]]:
    size = -(-len(crowd.records) // n_parts)
    return crowd.records[part * size : (part + 1) * size]


def _settled(servers: str, topics: TopicNames, crowd: Crowd, pair: Pair) -> list[str]:
    """Wait until every event counts and nothing moves any more, then compare."""
    give_up_at_s = time.monotonic() + SETTLE_S
    wrong = ["not looked yet"]
    while wrong and time.monotonic() < give_up_at_s:
        pair.look_after()
        n_applied = sum(profile.events_applied for profile in living_profiles(servers, topics).values())
        _say(f"{n_applied} of {len(crowd.facts)} events in living profiles")
        wrong = differences(servers, topics, crowd) if n_applied == len(crowd.facts) else [f"{n_applied} events counted"]
        if wrong:
            time.sleep(2)
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.persons", description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--links", type=int, default=1_000)
    parser.add_argument("--unlinks", type=int, default=300)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    crowd = a_crowd(asked.seed, Size(asked.people, asked.events, asked.links, asked.unlinks), time.time())
    began_s = time.monotonic()
    with KafkaCluster() as cluster, tempfile.TemporaryDirectory(prefix="braid-persons-") as folder:
        wrong, n_kills = run(cluster.bootstrap_servers, Path(folder), crowd, asked.kills, asked.seed)
        topics = TopicNames(PREFIX)
        letters = records_of(cluster.bootstrap_servers, topics.dead_letters)
        n_letters = sum(is_letter(message.key(), message.value()) for message in letters)
    for each in wrong[:20]:
        _say(each)
    people = crowd.people()
    print(
        json.dumps(
            {
                "name": "persons", "seed": asked.seed, "people": len(people), "events": len(crowd.facts),
                "links": asked.links, "unlinks": asked.unlinks, "kills": n_kills, "dead_letters": n_letters,
                "accounts": sum(map(len, people)), "wrong": len(wrong), "took_s": round(time.monotonic() - began_s, 1),
            }
        )
    )  # fmt: skip
    return 1 if wrong else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
