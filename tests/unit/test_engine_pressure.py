"""Back-pressure is told: what waits in lanes, what is in memory, which partitions are left out, what producers hold."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from streams.engine.pressure import forget_pressure, measure_pressure
from streams.telemetry.metrics import REGISTRY
from tests.unit.test_engine_lanes import ONE, ZERO, Book, Gate, lanes_of, until


def told(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"stage": "gate", **labels})


def per_partition(name: str, partition: str) -> float | None:
    return told(name, topic="user-events", partition=partition)


@pytest.mark.requirement("Q3", "Q4")
def test_a_held_lane_shows_what_waits_in_it_and_a_free_one_shows_nothing() -> None:
    async def scenario() -> None:
        stage, book = Gate(held=0), Book()
        lanes = lanes_of(stage, book)
        app = SimpleNamespace(
            stage=stage, lanes=lanes, consumer=book, source_partitions=lambda: {ZERO, ONE}, n_unconfirmed=lambda: 3
        )
        lanes.put(book.hand_out(ZERO, 0, 10))
        await until(stage.entered.is_set)
        for number in range(1, 6):
            lanes.put(book.hand_out(ZERO, number * 10, 10))
        lanes.put(book.hand_out(ONE, 0, 5))
        await until(lambda: stage.applied == [0, 1, 2, 3, 4])
        measure_pressure(app)
        assert [per_partition("braid_lane_fetches", each) for each in "01"] == [5, 0]
        assert [per_partition("braid_open_batches", each) for each in "01"] == [6, 0]
        assert [per_partition("braid_waiting_records", each) for each in "01"] == [60, 0]
        assert (told("braid_paused_partitions"), told("braid_producer_queue_records")) == (1, 3)
        stage.open.set()
        await until(lambda: book._new_offset(ZERO) == 60)
        measure_pressure(app)
        assert per_partition("braid_waiting_records", "0") == told("braid_paused_partitions") == 0
        forget_pressure("gate", [ZERO, ONE])
        assert per_partition("braid_lane_fetches", "0") is None

    asyncio.run(scenario())
