"""An encoder that hangs, fails or returns nonsense stops the intake of the stages that need it, and nothing else.

Real worker, real Kafka; only the encoder's device is a double (tests/support/moody_worker.py). Small batches, so that a
few thousand records fill every lane.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.events import Item
from streams.domain.topic_names import TopicNames
from streams.engine.fatal import EXIT_FATAL
from streams.settings import Topics
from tests.support.brokers import admin_of, eventually, producer_of
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.moody_worker import MoodyWorker
from tests.support.pipeline import Load, a_load, n_applied, publish, records_of, wait_applied

__all__ = ["pipeline"]
pytestmark = [pytest.mark.kafka, pytest.mark.slow]

N_BEFORE, N_EVENTS, N_PARTITIONS = 400, 4_000, 4
#: Two stages of so many lanes are more calls than one pool has threads.
WIDE = 12
BATCH_RECORDS = 50
#: Longer than a session (3 s): heartbeats that stopped would have cost the partitions by then.
STALL_S = 6.0
#: Without the cache every batch needs the encoder.
SMALL_BATCHES = {
    "BRAID_ENGINE__MAX_BATCH_RECORDS": str(BATCH_RECORDS),
    "BRAID_ENGINE__FETCH_MAX_BYTES": str(1 << 14),
    "BRAID_ENCODER__CACHE_BYTES": "0",
}


@pytest.fixture
def moody(pipeline: Pipeline) -> Iterator[Callable[..., MoodyWorker]]:
    made: list[MoodyWorker] = []

    def start(**options: object) -> MoodyWorker:
        made.append(
            MoodyWorker(pipeline.broker, pipeline.prefix, pipeline.folder / "moody", **{**SMALL_BATCHES, **options})
        )
        made[-1].wait_ready()
        return made[-1]

    yield start
    for worker in made:
        worker.kill()


def a_load_under_way(pipeline: Pipeline) -> Load:
    """A load whose first events are applied and whose rest is still to come."""
    load = a_load(7, N_EVENTS, 100, time.time())
    pipeline.publish(load, 0, N_BEFORE)
    eventually(lambda: n_applied(pipeline.broker, pipeline.topics) > N_BEFORE // 2, 60)
    return load


def is_stalled(worker: MoodyWorker, stage: str) -> bool:
    """The encoder is waited for longer than a session lasts, and every partition of the stage is left out."""
    assert worker.process.poll() is None, worker.tail()
    waits_s = worker.gauge("braid_encoder_waiting_seconds", stage)
    return waits_s > STALL_S and worker.gauge("braid_paused_partitions", stage) == N_PARTITIONS


@pytest.mark.requirement("Q4")
@pytest.mark.parametrize("mood", ["hang", "raise", "nan"])
def test_an_encoder_that_fails_stops_its_stages_alone_and_what_waited_goes_on_by_itself(
    pipeline: Pipeline, moody: Callable[..., MoodyWorker], mood: str
) -> None:
    worker = moody()
    load = a_load_under_way(pipeline)
    worker.feel(mood)
    pipeline.publish(load, N_BEFORE)
    # Only normalise needs no encoder: it takes everything in, its dead letters too.
    eventually(lambda: worker.gauge("braid_records_total", "normalise") == len(load.records), 60)
    assert worker.gauge("braid_dead_letters_total", "normalise") == len(load.invalid)
    n_rebalances = worker.metric("braid_rebalances_total")
    eventually(lambda: is_stalled(worker, "profile"), 60)
    applied, waiting = worker.metric("braid_events_applied_total"), worker.gauge("braid_waiting_records", "profile")
    assert applied < len(load.facts)
    assert 0 < waiting < len(load.facts) - applied  # the rest waits in the broker
    assert waiting <= N_PARTITIONS * BATCH_RECORDS * 12  # lanes, what is prepared, and Faust's own buffers
    assert worker.gauge("braid_lane_fetches", "profile") >= N_PARTITIONS
    assert (worker.gauge("braid_encoder_failures_total", "profile") > 0) == (mood != "hang")
    worker.feel("well")
    pipeline.prove(load)
    eventually(lambda: worker.gauge("braid_paused_partitions", "profile") == 0, 20)
    assert worker.gauge("braid_encoder_waiting_seconds", "profile") < STALL_S
    assert worker.metric("braid_rebalances_total") == n_rebalances
    assert worker.metric("braid_unencodable_texts_total") == 0


@pytest.mark.requirement("Q4")
def test_a_device_that_is_lost_to_the_process_ends_it_and_the_next_one_goes_on(
    pipeline: Pipeline, moody: Callable[..., MoodyWorker]
) -> None:
    worker = moody()
    load = a_load_under_way(pipeline)
    worker.feel("lost")
    pipeline.publish(load, N_BEFORE)
    assert worker.process.wait(60) == EXIT_FATAL
    assert "device cuda answers this process no more" in worker.tail()
    moody()
    pipeline.prove(load)


@pytest.mark.requirement("Q4")
def test_while_the_catalogue_waits_for_the_encoder_events_of_known_items_are_applied(
    pipeline: Pipeline, moody: Callable[..., MoodyWorker]
) -> None:
    # What the catalogue has encoded the cache knows, whether or not the worker has read it back yet.
    worker = moody(BRAID_ENCODER__CACHE_BYTES=str(64 << 20))
    load = a_load(8, 600, 50, time.time())
    known = {f"{fact.platform}:{fact.item.item_id}": fact.item for fact in load.facts}
    n_items = len(known)
    describe(pipeline, known)
    eventually(lambda: worker.metric("braid_items_total") == n_items, 60)
    worker.feel("hang")
    describe(pipeline, {f"shop:new-{number}": Item(f"new-{number}", title=f"new {number}") for number in range(2_000)})
    eventually(lambda: worker.gauge("braid_encoder_waiting_seconds", "catalogue") > 1.0, 30)
    pipeline.publish(load)
    wait_applied(pipeline.broker, pipeline.topics, len(load.facts))
    assert worker.metric("braid_items_total") == n_items
    worker.feel("well")
    eventually(lambda: len(keys_of(pipeline)) == 2_000 + n_items, 60)


@pytest.mark.requirement("Q4")
def test_however_many_lanes_hang_in_the_encoder_a_stage_that_needs_none_goes_on(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    topics = TopicNames(f"{pipeline.prefix}wide.")
    apply(admin_of(pipeline.broker), declared_topics(Topics(prefix=topics.prefix, partitions=WIDE)))
    wide = {"BRAID_TOPICS__PARTITIONS": str(WIDE)}
    worker = MoodyWorker(pipeline.broker, topics.prefix, tmp_path / "wide", **SMALL_BATCHES, **wide)
    pipeline.workers.append(worker)
    worker.feel("hang")
    worker.wait_ready()
    load = a_load(9, 1_000, 200, time.time())
    described = {f"shop:new-{number}": Item(f"new-{number}", title=f"new {number}") for number in range(400)}
    describe(pipeline, described, topics.items)
    publish(pipeline.broker, topics, load.records[:500])
    for stage in ("catalogue", "profile"):
        eventually(lambda stage=stage: worker.gauge("braid_encoder_waiting_seconds", stage) > 1.0, 60)
    publish(pipeline.broker, topics, load.records[500:])
    eventually(lambda: worker.gauge("braid_records_total", "normalise") == len(load.records), 30)
    assert worker.gauge("braid_records_total", "profile") == 0
    worker.feel("well")
    wait_applied(pipeline.broker, topics, len(load.facts))


@pytest.mark.requirement("Q4")
def test_an_encoder_that_hangs_past_the_longest_poll_interval_costs_no_partition(
    pipeline: Pipeline, moody: Callable[..., MoodyWorker]
) -> None:
    worker = moody(moody_poll_s=4.0)
    load = a_load_under_way(pipeline)
    worker.feel("hang")
    pipeline.publish(load, N_BEFORE)
    n_rebalances = worker.metric("braid_rebalances_total")
    eventually(lambda: worker.gauge("braid_encoder_waiting_seconds", "profile") > 15.0, 60)
    worker.feel("well")
    pipeline.prove(load)
    assert worker.metric("braid_rebalances_total") == n_rebalances


@pytest.mark.requirement("Q4")
def test_a_take_over_that_lasts_past_the_longest_poll_interval_ends_in_work(
    pipeline: Pipeline, moody: Callable[..., MoodyWorker]
) -> None:
    worker = moody(moody_poll_s=3.0, moody_take_over_s=8.0)
    load = a_load_under_way(pipeline)
    pipeline.publish(load, N_BEFORE)
    pipeline.prove(load)
    assert worker.process.poll() is None


def describe(pipeline: Pipeline, items: dict[str, Item], topic: str = "") -> None:
    """Item events, one an item."""
    producer = producer_of(pipeline.broker)
    for key, item in items.items():
        platform, _, _ = key.partition(":")
        said = {
            "specversion": "1.0", "id": key, "source": f"/platforms/{platform}", "type": f"{platform}.item.upserted",
            "time": "2026-01-01T00:00:00Z", "data": {"item": {"item_id": item.item_id, "title": item.title, "category": item.category}},
        }  # fmt: skip
        producer.produce(topic or pipeline.topics.items, json.dumps(said).encode(), key.encode())
    assert producer.flush(30) == 0


def keys_of(pipeline: Pipeline) -> set[bytes]:
    """Of the items that are published."""
    return {message.key() for message in records_of(pipeline.broker, pipeline.topics.item_vectors)}
