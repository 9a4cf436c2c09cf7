"""The Faust app of one stage: its agent, its group, and the take-over of partitions.

Each stage is a consumer group of its own, so stages scale, restart and rebalance independently; one process may hold
several. `env={}` keeps Faust from letting stray environment variables beat explicit arguments.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import faust
import structlog
from faust.types.tuples import TP

from streams.engine.checkpoint import Checkpoint
from streams.engine.effects import Stage
from streams.engine.fatal import die
from streams.engine.faults import Fault
from streams.engine.fetching import FetchLimits
from streams.engine.lag import forget_partitions
from streams.engine.lanes import BatchLimits, LaneConfig, Lanes
from streams.engine.ownership import OwnedPartition, OwnerConfig, acquire
from streams.engine.standby import Standby
from streams.engine.table import PartitionTable
from streams.engine.transport import BatchMessage, BatchSchema
from streams.engine.writers import IdempotentWriter
from streams.errors import BraidError
from streams.telemetry import metrics

_log = structlog.get_logger(__name__)

#: Whole fetches wait here, not records: Faust's default of 4096 would be gigabytes.
_STREAM_BUFFER = 4


@dataclass(frozen=True)
class ShellConfig:
    """What a stage's Faust app needs from outside. owner: None for a stage that keeps to an idempotent producer.

    group: the consumer group, and what Faust calls the app.
    """

    group: str
    bootstrap_servers: str
    data_dir: Path
    session_timeout_s: float
    fetch_max_bytes: int
    fetch: FetchLimits
    batch: BatchLimits
    preparing: Executor
    committing: Executor
    owner: OwnerConfig | None
    shared_writer: IdempotentWriter | None
    standby: Standby | None
    fault: Fault
    faust_options: Mapping[str, Any]


class StageApp(faust.App):
    """A Faust app that runs one stage over its source topics."""

    def __init__(self, stage: Stage, sources: tuple[str, ...], config: ShellConfig) -> None:
        self.stage = stage
        self.fetch_limits = config.fetch
        self.owned: dict[TP, OwnedPartition] = {}
        self.is_ready = False
        self.taken_over_rebalance = 0
        self._shell = config
        self._sources = frozenset(sources)
        self._acquiring = asyncio.Lock()
        super().__init__(config.group, **_options(config))
        self.lanes = Lanes(self._lane_config(stage, config), lambda: self.consumer)
        self.on_rebalance_complete.connect(self._take_over, weak=False)
        self.on_partitions_revoked.connect(self._let_go, weak=False)
        self.agent(self.topic(*sources, schema=BatchSchema()), name=stage.name)(self._feed)

    def resume_positions(self) -> Mapping[TP, int]:
        """Where owned partitions resume; a partition without marker resumes at the start of its log."""
        if self._shell.owner is None or self._shell.owner.changelog is None:
            return {}
        return {tp: owned.next_offset or 0 for tp, owned in self.owned.items()}

    def owned_tables(self) -> list[PartitionTable]:
        """The tables of the partitions that are owned now; one may be closed the moment after."""
        return [owned.table for owned in list(self.owned.values()) if owned.table is not None]

    def peek(self, partition: int, keys: list[bytes]) -> list[bytes | None]:
        """Values of a partition as they are now, None for what cannot be seen: nothing may depend on them."""
        for tp, owned in list(self.owned.items()):
            if tp.partition == partition and owned.table is not None:
                with suppress(BraidError):  # it may be given up at this very moment
                    return owned.table.get_many(keys)
        return [None] * len(keys)

    def _lane_config(self, stage: Stage, config: ShellConfig) -> LaneConfig:
        return LaneConfig(
            stage=stage,
            checkpoint=Checkpoint(stage, config.fault, config.shared_writer),
            preparing=config.preparing,
            committing=config.committing,
            limits=config.batch,
            fault=config.fault,
            owner=self.owned.get,
            transactional=config.owner is not None,
        )

    async def _feed(self, stream: Any) -> None:
        async for event in stream.noack().events():
            message: BatchMessage = event.message
            self.lanes.put(message)

    async def _take_over(self, *_: Any, **__: Any) -> None:
        """Fence and restore every source partition of the new assignment, before Faust seeks and resumes."""
        started_s, rebalance = perf_counter(), self.rebalancing_count
        metrics.REBALANCES.labels(self.stage.name).inc()
        try:
            async with self._acquiring:
                await self._acquire_new(rebalance)
        except asyncio.CancelledError:  # a shutdown during a restore: nothing is half owned, nothing was resumed
            raise
        except BaseException as error:  # noqa: BLE001 - a half-owned partition must not be worked on
            die(f"take-over of {self.stage.name}", error)
        metrics.ACQUIRE_SECONDS.labels(self.stage.name).observe(perf_counter() - started_s)
        metrics.OWNED_PARTITIONS.labels(self.stage.name).set(len(self.source_partitions()))
        self.taken_over_rebalance = rebalance

    async def _acquire_new(self, rebalance: int) -> None:
        if self._shell.owner is None:
            return
        loop = asyncio.get_running_loop()
        self._release(set(self.owned) - self.source_partitions())
        wanted = [tp for tp in self.source_partitions() if tp not in self.owned]
        await self._keep_warm()
        got = await asyncio.gather(
            *(
                loop.run_in_executor(self._shell.committing, acquire, self._shell.owner, tp.topic, tp.partition)
                for tp in wanted
            )
        )
        if self.rebalancing_count != rebalance:
            for owned in got:  # a rebalance began meanwhile: whoever gets them fences us anyway
                owned.release()
            return
        self.owned.update(zip(wanted, got, strict=True))
        if wanted:
            _log.info(
                "partitions_acquired",
                stage=self.stage.name,
                partitions=sorted(tp.partition for tp in wanted),
                n_restored=sum(owned.n_restored for owned in got),
            )

    async def _keep_warm(self) -> None:
        """Warm copies of everything that is not ours; their folders must be closed before an owner opens them."""
        if self._shell.standby is None:
            return
        ours = {tp.partition for tp in self.source_partitions()}
        await asyncio.get_running_loop().run_in_executor(self._shell.committing, self._shell.standby.keep_all_but, ours)

    async def _let_go(self, _: Any, revoked: set[TP], **__: Any) -> None:
        """Release revoked partitions; Faust has waited for their running checkpoints before."""
        self.is_ready = False
        self.lanes.forget(revoked)
        self._release(revoked)
        forget_partitions(self.stage.name, revoked)
        metrics.OWNED_PARTITIONS.labels(self.stage.name).set(0)

    def on_flow_resumed(self) -> None:
        """Told by the consumer once fetching goes on after a rebalance, positions set."""
        self.is_ready = True
        _log.info("stage_ready", stage=self.stage.name, n_partitions=len(self.source_partitions()))

    def _release(self, partitions: Iterable[TP]) -> None:
        for tp in partitions:
            owned = self.owned.pop(tp, None)
            if owned is not None:
                owned.release()

    async def on_stop(self) -> None:
        """Let Faust finish and commit, then release what is owned."""
        self.is_ready = False
        await super().on_stop()
        self.lanes.forget(self.lanes.partitions())
        self._release(list(self.owned))
        if self._shell.standby is not None:
            self._shell.standby.stop()

    def n_unconfirmed(self) -> int:
        """Records in the stage's producers that the broker has not confirmed."""
        shared = self._shell.shared_writer
        return sum(owned.writer.n_unconfirmed for owned in self.owned.values()) + (
            shared.n_unconfirmed if shared is not None else 0
        )

    def source_partitions(self) -> set[TP]:
        """Assigned partitions of the source topics."""
        return {tp for tp in self.consumer.assignment() if tp.topic in self._sources}


def _options(config: ShellConfig) -> dict[str, Any]:
    servers = config.bootstrap_servers.split(",")
    return {
        "broker": [f"braid://{server.strip()}" for server in servers],
        "datadir": str(config.data_dir),
        "env": {},
        "web_enabled": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "stream_buffer_maxsize": _STREAM_BUFFER,
        "consumer_max_fetch_size": config.fetch_max_bytes,
        "consumer_auto_offset_reset": "earliest",
        "broker_commit_interval": 1.0,
        "broker_commit_every": None,
        "broker_session_timeout": config.session_timeout_s,
        "broker_heartbeat_interval": config.session_timeout_s / 3,
        "table_standby_replicas": 0,
        "agent_supervisor": "mode.supervisors.CrashingSupervisor",
        **config.faust_options,
    }
