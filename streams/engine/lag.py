"""How far a stage is behind, per source partition: in records, and in seconds of the oldest one not applied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from aiokafka.errors import IllegalStateError
from faust.types.tuples import TP

from streams.engine.pressure import forget_pressure, measure_pressure
from streams.ports import Clock
from streams.telemetry import metrics

if TYPE_CHECKING:
    from streams.engine.shell import StageApp


async def watch_lag(app: StageApp, clock: Clock, interval_s: float) -> None:
    """Update the gauges until cancelled. A partition between owners is skipped, not reported as fine."""
    behind_since: dict[TP, float] = {}
    while not app.should_stop:
        if app.is_ready and not app.rebalancing:
            partitions = app.source_partitions()
            for tp in set(behind_since) - partitions:
                del behind_since[tp]
            for tp in partitions:
                # A partition may be lost between the look and the question; figures of it are not worth a worker.
                with suppress(IllegalStateError, AssertionError):
                    await _measure(app, tp, behind_since, clock)
            _measure_state(app)
            measure_pressure(app)
        await asyncio.sleep(interval_s)


def _measure_state(app: StageApp) -> None:
    for tp, owned in app.owned.items():
        if owned.table is not None:
            labels = app.stage.name, str(tp.partition)
            metrics.STATE_BYTES.labels(*labels).set(owned.table.n_bytes())
            metrics.STATE_USERS.labels(*labels).set(owned.table.n_keys())


def forget_partitions(stage: str, partitions: Iterable[TP]) -> None:
    """Drop the gauges of partitions that were given up: their new owner reports them."""
    partitions = list(partitions)
    forget_pressure(stage, partitions)
    for tp in partitions:
        for gauge in (metrics.LAG, metrics.OLDEST_UNAPPLIED):
            with suppress(KeyError):
                gauge.remove(stage, tp.topic, str(tp.partition))
        for gauge in (metrics.STATE_BYTES, metrics.STATE_USERS):
            with suppress(KeyError):
                gauge.remove(stage, str(tp.partition))


async def _measure(app: StageApp, tp: TP, behind_since: dict[TP, float], clock: Clock) -> None:
    oldest = app.consumer.oldest_open(tp)
    applied = oldest.offset if oldest is not None else await app.consumer.position(tp)
    end = app.consumer.highwater(tp)
    if applied is None or end is None:
        return
    lag, now_s = max(0, end - applied), clock.now_s()
    labels = (app.stage.name, tp.topic, str(tp.partition))
    metrics.LAG.labels(*labels).set(lag)
    if lag == 0:
        behind_since.pop(tp, None)
        metrics.OLDEST_UNAPPLIED.labels(*labels).set(0)
        return
    # Of records not fetched yet the time is unknown: they are at least as old as our knowing of them.
    since_s = behind_since.setdefault(tp, now_s)
    if oldest is not None:
        since_s = min(since_s, oldest.timestamp)
    metrics.OLDEST_UNAPPLIED.labels(*labels).set(max(0.0, now_s - since_s))
