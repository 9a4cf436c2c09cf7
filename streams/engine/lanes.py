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

#: Fetches that may wait in a lane; more wait in Faust's stream queue, and then in the broker.
_LANE_DEPTH = 4


class Book(Protocol):
    """The consumer's book of what was handed out (engine.transport.Consumer)."""

    def owns(self, message: BatchMessage) -> bool:
        """Whether the batch is still ours to apply."""

    def ack(self, message: Any) -> bool:
        """Count the batch as done."""


@dataclass(frozen=True)
class LaneConfig:
    """A stage and where its work runs. owner: None for a stage without transactions."""

    stage: Stage
    checkpoint: Checkpoint
    executor: Executor
    max_records: int
    fault: Fault
    owner: Callable[[TP], OwnedPartition | None]
    transactional: bool


class Lanes:
    """Takes batch messages from the agent and brings each through prepare and checkpoint."""

    def __init__(self, config: LaneConfig, book: Callable[[], Book]) -> None:
        self._config = config
        self._book = book
        self._queues: dict[TP, asyncio.Queue[BatchMessage]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._applying: set[BatchMessage] = set()
        name = config.stage.name
        self._n_records = metrics.RECORDS.labels(name)
        self._batch_records = metrics.BATCH_RECORDS.labels(name)
        self._prepare_s = metrics.STAGE_SECONDS.labels(name, "prepare")

    async def put(self, message: BatchMessage) -> None:
        """Queue a batch message; waits while its lane is full."""
        tp = message.tp
        queue = self._queues.get(tp)
        if queue is None:
            queue = self._queues[tp] = asyncio.Queue(_LANE_DEPTH)
            self._tasks.append(asyncio.get_running_loop().create_task(self._serve(tp, queue)))
        await queue.put(message)

    def is_applying(self, message: BatchMessage) -> bool:
        """Whether the checkpoint of this batch has begun: it must be waited for, everything else may be dropped."""
        return message in self._applying

    async def _serve(self, tp: TP, queue: asyncio.Queue[BatchMessage]) -> None:
        running: asyncio.Task[None] | None = None
        try:
            while True:
                group = await self._gather(queue)
                loop = asyncio.get_running_loop()
                prepared = await loop.run_in_executor(self._config.executor, self._prepare, group)
                if running is not None:
                    await running
                owned = self._config.owner(tp)
                if not self._may_apply(group, owned):
                    self._drop(group)
                    continue
                self._applying.update(group)
                batch = Batch(prepared, group[-1].next_offset, sum(message.n_records for message in group))
                running = loop.create_task(self._apply(owned, batch, group))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - nothing may be swallowed: an unknown outcome ends the process
            die(f"lane {tp.topic}[{tp.partition}]", error)

    async def _gather(self, queue: asyncio.Queue[BatchMessage]) -> list[BatchMessage]:
        group = [await queue.get()]
        n_records = group[0].n_records
        while not queue.empty() and n_records < self._config.max_records:
            message = queue.get_nowait()
            if message.offset != group[-1].next_offset and message.offset < group[-1].next_offset:
                group, n_records = [], 0  # the position went back: what was gathered is void
            group.append(message)
            n_records += message.n_records
        return group

    def _prepare(self, group: list[BatchMessage]) -> Any:
        started_s = perf_counter()
        prepared = self._config.stage.prepare([as_record(raw) for message in group for raw in message.value])
        self._config.fault("prepared")
        self._prepare_s.observe(perf_counter() - started_s)
        return prepared

    def _may_apply(self, group: list[BatchMessage], owned: OwnedPartition | None) -> bool:
        book = self._book()
        return all(book.owns(message) for message in group) and (owned is not None or not self._config.transactional)

    def _drop(self, group: Iterable[BatchMessage]) -> None:
        # Not owned any more: the ack counts nothing, but a message left open would hang the next rebalance.
        for message in group:
            self._book().ack(message)

    async def _apply(self, owned: OwnedPartition | None, batch: Batch, group: list[BatchMessage]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._config.executor, self._config.checkpoint.run, owned, batch)
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
