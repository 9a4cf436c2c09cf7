"""The main job on real Kafka: whatever dies, the final profiles equal the pure fold over the distinct valid events."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import msgspec
import pytest

from streams.domain.profiles import Change, ProfileRecord, encode_profile
from streams.engine.faults import POINTS
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import a_load, profiles_of, publish, records_of, wait_applied

__all__ = ["pipeline"]

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def comparable(profile: ProfileRecord) -> bytes:
    """Everything but the broker's clock, which two runs cannot share, and how the arrivals were batched."""
    return encode_profile(msgspec.structs.replace(profile, updated_at=0.0, revision=0, change=Change("update", [])))


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
def test_a_standby_takes_over_with_almost_nothing_to_restore(pipeline: Pipeline) -> None:
    load = a_load(seed=5, n_events=4_000, n_people=200, now_s=time.time())
    half = len(load.records) // 2
    owner = pipeline.worker("one")
    owner.wait_ready()
    standby = pipeline.worker("two", BRAID_ENGINE__STANDBY="true", only="catalogue,profile")
    standby.wait_ready()
    pipeline.publish(load, 0, half)
    pipeline.wait_until_warm(standby)
    before = standby.metric("braid_restored_records_total")
    owner.kill()
    pipeline.publish(load, half)
    pipeline.worker("one", only="normalise").wait_ready()
    pipeline.prove(load)
    n_restored = standby.metric("braid_restored_records_total") - before
    n_logged = sum(1 for _ in records_of(pipeline.broker, pipeline.topics.profile_state))
    assert n_restored < n_logged / 10


@pytest.mark.requirement("D10", "Q7")
def test_the_same_input_gives_the_same_profiles_byte_for_byte(pipeline: Pipeline, kafka_cluster, tmp_path: Path) -> None:
    load = a_load(seed=6, n_events=600, n_people=60, now_s=time.time())
    one_partition_order = sorted(load.records, key=lambda record: record[1])
    bodies = []
    for name in ("one", "two"):
        again = pipeline if name == "one" else Pipeline(pipeline.broker, f"again-{pipeline.prefix}", tmp_path)
        worker = again.worker(name, BRAID_ENGINE__MAX_BATCH_RECORDS="1")
        worker.wait_ready()
        publish(again.broker, again.topics, one_partition_order)
        wait_applied(again.broker, again.topics, len(load.facts))
        worker.terminate()
        bodies.append({key: comparable(profile) for key, profile in profiles_of(again.broker, again.topics).items()})
    assert bodies[0] == bodies[1]


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


@pytest.mark.requirement("A7", "N6")
def test_nothing_hostile_stops_the_good_events_behind_it(pipeline: Pipeline) -> None:
    load = a_load(seed=7, n_events=300, n_people=30, now_s=time.time())
    deep = b'{"specversion":"1.0","data":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    hostile = [
        b"",
        b"\x00" * 1000,
        b"x" * (9 << 20),
        deep,
        b'{"specversion":"1.0","id":"n","source":"s","type":"shop.product.viewed","time":NaN,"subject":"u"}',
        b'{"specversion":"7.0","id":"n","source":"s","type":"shop.product.viewed","time":"2026-01-01T00:00:00Z"}',
        ("{" + '"a":' * 5000 + "1" + "}" * 5000).encode(),
        b'{"id":' + b"9" * 100_000 + b"}",
        b"\xc1" * 64,
    ]
    for number, bad in enumerate(hostile):
        load.records.insert(number * 7, ("shop", b"k", bad))
        load.invalid.append(bad)
    pipeline.worker().wait_ready()
    pipeline.publish(load)
    pipeline.prove(load)
