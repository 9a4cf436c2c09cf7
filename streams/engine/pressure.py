"""Back-pressure as gauges: what waits where, and which partitions are left out of the fetch until there is room."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from faust.types.tuples import TP

from streams.telemetry import metrics

if TYPE_CHECKING:
    from streams.engine.shell import StageApp

_PER_PARTITION = (metrics.LANE_FETCHES, metrics.OPEN_BATCHES, metrics.WAITING_RECORDS)


def measure_pressure(app: StageApp) -> None:
    """Update the gauges of a stage; runs on the event loop, microseconds a partition."""
    stage, n_paused = app.stage.name, 0
    for tp in app.source_partitions():
        labels = (stage, tp.topic, str(tp.partition))
        waiting = app.consumer.open_batches(tp)
        metrics.LANE_FETCHES.labels(*labels).set(app.lanes.depth(tp))
        metrics.OPEN_BATCHES.labels(*labels).set(len(waiting))
        metrics.WAITING_RECORDS.labels(*labels).set(sum(batch.n_records for batch in waiting))
        n_paused += app.lanes.is_full(tp)
    metrics.PAUSED_PARTITIONS.labels(stage).set(n_paused)
    metrics.PRODUCER_QUEUE.labels(stage).set(app.n_unconfirmed())


def forget_pressure(stage: str, partitions: Iterable[TP]) -> None:
    """Drop the gauges of partitions that were given up: their new owner reports them."""
    for tp in partitions:
        for gauge in _PER_PARTITION:
            with suppress(KeyError):
                gauge.remove(stage, tp.topic, str(tp.partition))
