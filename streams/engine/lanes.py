"""One lane per source partition: batches of one partition in order, partitions independent of each other.

While batch N commits, batch N+1 of the same partition may prepare (decode, encode), never fold. What waits in a lane is
merged into the next micro-batch, so a slow broker makes batches larger instead of queues longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from faust.types.tuples import TP

from streams.domain.raw import RawRecord
from streams.engine.checkpoint import Batch, Checkpoint
from streams.engine.effects import Stage
from streams.engine.fatal import die
from streams.engine.faults import Fault
from streams.engine.ownership import OwnedPartition
from streams.engine.transport import BatchMessage
from streams.telemetry import metrics


class Book(Protocol):
    """The consumer's book of what was handed out (engine.transport.Consumer)."""

    def owns(self, message: BatchMessage) -> bool:
        """Whether the batch is still ours to apply."""

    def ack(self, message: Any) -> bool:
        """Count the batch as done."""


@dataclass(frozen=True)
class BatchLimits:
    """When a micro-batch takes no more fetches: at so many records, or records of so many different keys.

    What a stage with a table publishes, and most of its work, is per key: records of few keys may be many.
    """

    max_records: int
    max_keys: int


@dataclass(frozen=True)
class LaneConfig:
    """A stage and where its work runs. owner: who owns a partition now, None for nobody.

    preparing and committing are apart, so that a slow encoder never holds up a checkpoint.
    """

    stage: Stage
    checkpoint: Checkpoint
    preparing: Executor
    committing: Executor
    limits: BatchLimits
    fault: Fault
    owner: Callable[[TP], OwnedPartition | None]
    transactional: bool


class Lanes:
    """Takes batch messages from the agent and brings each through prepare and checkpoint."""

    def __init__(self, config: LaneConfig, book: Callable[[], Book]) -> None:
        self._config = config
        self._book = book
        self._queues: dict[TP, asyncio.Queue[BatchMessage]] = {}
        self._n_waiting: dict[TP, int] = {}
        self._tasks: dict[TP, asyncio.Task[None]] = {}
        self._applying: set[BatchMessage] = set()
        name = config.stage.name
        self._n_records = metrics.RECORDS.labels(name)
        self._batch_records = metrics.BATCH_RECORDS.labels(name)
        self._prepare_s = metrics.STAGE_SECONDS.labels(name, "prepare")

    def put(self, message: BatchMessage) -> None:
        """Queue a batch message. Never waits: one full lane must not hold up the others (see `is_full`)."""
        tp = message.tp
        queue = self._queues.get(tp)
        if queue is None:
            queue = self._queues[tp] = asyncio.Queue()
            self._tasks[tp] = asyncio.get_running_loop().create_task(self._serve(tp, queue))
            self._n_waiting[tp] = 0
        self._n_waiting[tp] += message.n_records
        queue.put_nowait(message)

    def is_full(self, tp: TP) -> bool:
        """Whether nothing more should be fetched for the partition now: the next micro-batch is there."""
        return self._n_waiting.get(tp, 0) >= self._config.limits.max_records

    def depth(self, tp: TP) -> int:
        """Fetches that wait, those being prepared or applied not counted."""
        queue = self._queues.get(tp)
        return queue.qsize() if queue is not None else 0

    def partitions(self) -> list[TP]:
        """Those that have a lane."""
        return list(self._tasks)

    def forget(self, partitions: Iterable[TP]) -> None:
        """End the lanes of partitions that were given up; what waited or prepared there is void and comes again."""
        for tp in partitions:
            self._queues.pop(tp, None)
            self._n_waiting.pop(tp, None)
            task = self._tasks.pop(tp, None)
            if task is not None:
                task.cancel()

    def is_applying(self, message: BatchMessage) -> bool:
        """Whether the checkpoint of this batch has begun: it must be waited for, everything else may be dropped."""
        return message in self._applying

    async def _serve(self, tp: TP, queue: asyncio.Queue[BatchMessage]) -> None:
        running: asyncio.Task[None] | None = None
        try:
            while True:
                group = await self._gather(tp, queue)
                loop = asyncio.get_running_loop()
                prepared = await loop.run_in_executor(self._config.preparing, self._prepare, group)
                if running is not None:
                    await asyncio.shield(running)
                if not self._is_ours(group):
                    continue
                owned = self._owner(tp)
                self._applying.update(group)
                batch = Batch(prepared, group[-1].next_offset, sum(message.n_records for message in group))
                running = loop.create_task(self._apply(owned, batch, group))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - nothing may be swallowed: an unknown outcome ends the process
            die(f"lane {tp.topic}[{tp.partition}]", error)

    async def _gather(self, tp: TP, queue: asyncio.Queue[BatchMessage]) -> list[BatchMessage]:
        """What waits and is still ours, at least one message: void ones must not spoil those behind them."""
        limits, group, keys, n_records = self._config.limits, list[BatchMessage](), set[bytes | None](), 0
        while not group or (not queue.empty() and n_records < limits.max_records and len(keys) < limits.max_keys):
            message = await queue.get()
            self._n_waiting[tp] -= message.n_records
            if self._book().owns(message):
                group.append(message)
                n_records += message.n_records
                keys.update([record.key for record in message.value])
        return group

    def _prepare(self, group: list[BatchMessage]) -> Any:
        started_s = perf_counter()
        prepared = self._config.stage.prepare([as_record(raw) for message in group for raw in message.value])
        self._config.fault("prepared")
        self._prepare_s.observe(perf_counter() - started_s)
        return prepared

    def _is_ours(self, group: list[BatchMessage]) -> bool:
        """Whether the group may be applied. Partitions are given up whole, so a group is ours or it is not."""
        n_ours = sum(self._book().owns(message) for message in group)
        if n_ours not in {0, len(group)}:
            raise AssertionError(f"{n_ours} of {len(group)} fetches of one group are ours")
        return n_ours > 0

    def _owner(self, tp: TP) -> OwnedPartition | None:
        owned = self._config.owner(tp)
        if owned is None and self._config.transactional:
            raise AssertionError(f"records of {tp.topic}[{tp.partition}], which was never taken over")
        return owned

    async def _apply(self, owned: OwnedPartition | None, batch: Batch, group: list[BatchMessage]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._config.committing, self._config.checkpoint.run, owned, batch)
        except BaseException as error:  # noqa: BLE001 - as above
            die(f"checkpoint of {self._config.stage.name}", error)
        for message in group:
            self._applying.discard(message)
            self._book().ack(message)
        self._config.fault("acked")
        self._config.stage.committed(batch.prepared)
        self._n_records.inc(batch.n_records)
        self._batch_records.observe(batch.n_records)


def as_record(raw: Any) -> RawRecord:
    """An aiokafka record in the words of the domain."""
    return RawRecord(raw.value, raw.headers, raw.timestamp / 1000.0, raw.topic, raw.partition, raw.offset, raw.key)
