"""Topics under a prefix of their own on real Kafka, workers on them, and the promise they are held to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.dead_letters import DeadLetter, decode_dead_letter, is_letter
from streams.domain.topic_names import TopicNames
from streams.settings import Topics
from tests.support.brokers import admin_of, eventually
from tests.support.pipeline import (
    Load,
    Worker,
    assert_profiles_equal_fold,
    expected_states,
    n_applied,
    profiles_of,
    publish,
    records_of,
    wait_applied,
)


class Pipeline:
    """Topics under a prefix of their own, and the workers started on them."""

    def __init__(self, bootstrap_servers: str, prefix: str, folder: Path) -> None:
        self.broker, self.prefix, self.folder = bootstrap_servers, prefix, folder
        self.topics = TopicNames(prefix)
        self.workers: list[Worker] = []
        apply(admin_of(bootstrap_servers), declared_topics(Topics(prefix=prefix, partitions=4)))

    def worker(self, name: str = "one", **options: str) -> Worker:
        worker = Worker(self.broker, self.prefix, self.folder / name / "state", **options)
        self.workers.append(worker)
        return worker

    def publish(self, load: Load, start: int = 0, end: int | None = None) -> None:
        publish(self.broker, self.topics, load.records[start:end])

    def wait_until_warm(self, standby: Worker) -> None:
        """Until the copies that the standby keeps have reached the end of their changelog."""
        eventually(lambda: standby.has_metric("braid_standby_lag_records") and self._is_quiet(), 60)
        eventually(lambda: standby.metric("braid_standby_lag_records") <= 4, 30)

    def _is_quiet(self) -> bool:
        before = n_applied(self.broker, self.topics)
        time.sleep(1.5)
        return 0 < before == n_applied(self.broker, self.topics)

    def prove(self, load: Load) -> None:
        """The promise: profiles equal the fold, dead letters are exactly the invalid records, bytes unchanged."""
        wait_applied(self.broker, self.topics, len(load.facts))
        assert_profiles_equal_fold(profiles_of(self.broker, self.topics), expected_states(load.facts))
        assert sorted(letter.value for letter in self.letters().values()) == sorted(load.invalid)

    def letters(self) -> dict[bytes, DeadLetter]:
        """`dead-letters` as a compacting eye sees it: the last letter of each place, those that went left out."""
        last = {message.key(): message.value() for message in records_of(self.broker, self.topics.dead_letters)}
        return {key: decode_dead_letter(value) for key, value in last.items() if is_letter(key, value)}


@pytest.fixture
def pipeline(kafka_cluster, topic_prefix: str, tmp_path: Path) -> Iterator[Pipeline]:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    made = Pipeline(kafka_cluster.bootstrap_servers, topic_prefix, tmp_path)
    yield made
    for worker in made.workers:
        worker.kill()
