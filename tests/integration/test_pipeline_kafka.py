"""The main job on real Kafka: whatever dies, the final profiles equal the pure fold over the distinct valid events."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.dead_letters import decode_dead_letter
from streams.domain.topic_names import TopicNames
from streams.engine.faults import POINTS
from streams.settings import Topics
from tests.support.brokers import admin_of
from tests.support.pipeline import (
    Load,
    Worker,
    a_load,
    assert_profiles_equal_fold,
    expected_states,
    profiles_of,
    publish,
    records_of,
    wait_applied,
)

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


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

    def prove(self, load: Load) -> None:
        """The promise: profiles equal the fold, dead letters are exactly the invalid records, bytes unchanged."""
        wait_applied(self.broker, self.topics, len(load.facts))
        assert_profiles_equal_fold(profiles_of(self.broker, self.topics), expected_states(load.facts))
        letters = {}
        for message in records_of(self.broker, self.topics.dead_letters):
            letter = decode_dead_letter(message.value())
            letters[letter.topic, letter.partition, letter.offset] = letter.value
        assert sorted(letters.values()) == sorted(load.invalid)


@pytest.fixture
def pipeline(kafka_cluster, topic_prefix: str, tmp_path: Path) -> Iterator[Pipeline]:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    made = Pipeline(kafka_cluster.bootstrap_servers, topic_prefix, tmp_path)
    yield made
    for worker in made.workers:
        worker.kill()


@pytest.mark.requirement("A7", "A8", "H5", "B5")
def test_twenty_thousand_dirty_events_become_exactly_the_fold(pipeline: Pipeline) -> None:
    load = a_load(seed=1, n_events=20_000, n_people=400, now_s=time.time())
    worker = pipeline.worker()
    worker.wait_ready()
    pipeline.publish(load)
    pipeline.prove(load)
    assert worker.metric("braid_events_applied_total") == len(load.facts)
    assert worker.terminate() < 10


@pytest.mark.requirement("H12")
def test_a_kill_at_every_arrow_of_the_checkpoint_loses_and_doubles_nothing(pipeline: Pipeline) -> None:
    load = a_load(seed=2, n_events=6_500, n_people=150, now_s=time.time())
    share = len(load.records) // len(POINTS)
    for number, point in enumerate(POINTS):
        pipeline.publish(load, number * share, (number + 1) * share if number < len(POINTS) - 1 else None)
        worker = pipeline.worker(failpoint=f"kill:{point}:{1 if number % 2 else 2}")
        assert worker.wait_dead() == -signal.SIGKILL, point
    pipeline.worker().wait_ready()
    pipeline.prove(load)


@pytest.mark.requirement("H12")
def test_a_lost_state_directory_is_restored_from_the_changelog(pipeline: Pipeline) -> None:
    load = a_load(seed=3, n_events=4_000, n_people=100, now_s=time.time())
    half = len(load.records) // 2
    first = pipeline.worker()
    first.wait_ready()
    pipeline.publish(load, 0, half)
    time.sleep(2)
    first.kill()
    shutil.rmtree(pipeline.folder / "one" / "state")
    second = pipeline.worker()
    second.wait_ready()
    assert second.metric("braid_restored_records_total") > 0
    pipeline.publish(load, half)
    pipeline.prove(load)


@pytest.mark.requirement("Q2")
def test_partitions_that_move_between_two_workers_take_their_state_along(pipeline: Pipeline) -> None:
    load = a_load(seed=4, n_events=8_000, n_people=200, now_s=time.time())
    quarter = len(load.records) // 4
    one = pipeline.worker("one")
    one.wait_ready()
    pipeline.publish(load, 0, quarter)
    two = pipeline.worker("two", BRAID_ENGINE__STANDBY="true")
    pipeline.publish(load, quarter, 2 * quarter)
    two.wait_ready()
    pipeline.publish(load, 2 * quarter, 3 * quarter)
    assert one.terminate() < 10
    pipeline.publish(load, 3 * quarter)
    back = pipeline.worker("one")
    back.wait_ready()
    two.kill()
    pipeline.prove(load)
