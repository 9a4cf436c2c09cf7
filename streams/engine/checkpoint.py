"""The one module that knows in which order a micro-batch becomes durable.

    fold → begin → outputs → changelog → marker (last) → all confirmed → commit → RocksDB write batch → ack

A crash at any arrow leaves either nothing, or a transaction the next owner's `init_transactions` aborts, or local state
behind the changelog, which restore repairs. The fence inside each state record makes a batch that is applied again
harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

from streams.engine.effects import Effects, NoState, Outgoing, Stage
from streams.engine.faults import Fault
from streams.engine.ownership import OwnedPartition
from streams.engine.table import MARKER_KEY, pack_marker
from streams.engine.writers import IdempotentWriter
from streams.telemetry import metrics


@dataclass(frozen=True)
class Batch:
    """A prepared micro-batch of one source partition; next_offset is the position after it."""

    prepared: Any
    next_offset: int
    n_records: int


class Checkpoint:
    """Makes batches of one stage durable. Calls for one partition must not overlap; partitions may run in parallel.

    Every exception means an unknown outcome: the caller ends the process.
    """

    def __init__(self, stage: Stage, fault: Fault, shared_writer: IdempotentWriter | None = None) -> None:
        self._stage = stage
        self._fault = fault
        self._shared = shared_writer
        self._fold_s = metrics.STAGE_SECONDS.labels(stage.name, "fold")
        self._commit_s = metrics.STAGE_SECONDS.labels(stage.name, "commit")
        self._store_s = metrics.STAGE_SECONDS.labels(stage.name, "store")
        self._n_checkpoints = metrics.CHECKPOINTS.labels(stage.name)

    def run(self, owned: OwnedPartition | None, batch: Batch) -> None:
        """Fold and make durable; returns when the batch may be acked. Blocks; runs in a thread."""
        started_s = perf_counter()
        table = owned.table if owned is not None else None
        effects = self._stage.fold(batch.prepared, table or NoState())
        self._fault("folded")
        folded_s = perf_counter()
        self._fold_s.observe(folded_s - started_s)
        if owned is None:
            assert self._shared is not None
            self._shared.write(effects.outputs, self._fault)
            self._fault("committed")
        elif owned.table is not None or effects.outputs:  # a batch of repeats changes nothing, yet moves the marker
            self._transact(owned, batch, effects)
        self._commit_s.observe(perf_counter() - folded_s)
        self._n_checkpoints.inc()

    def _transact(self, owned: OwnedPartition, batch: Batch, effects: Effects) -> None:
        outputs = effects.outputs
        marker = (MARKER_KEY, pack_marker(owned.marker_after(batch.next_offset)))
        if owned.changelog_topic is not None:
            outputs = [
                *outputs,
                Outgoing(owned.changelog_topic, effects.states, owned.partition),
                Outgoing(owned.changelog_topic, [marker], owned.partition),
            ]
        last_offset = owned.writer.transact(outputs, self._fault)
        self._fault("committed")
        if owned.table is None:
            return
        assert last_offset is not None
        stored_from_s = perf_counter()
        self._watch_for_second_writer(owned, last_offset - len(effects.states))
        owned.table.write([*effects.states, marker], last_offset + 1)
        owned.next_offset = batch.next_offset
        owned.expected_changelog = last_offset + 2  # the commit marker takes an offset of its own
        self._store_s.observe(perf_counter() - stored_from_s)
        self._fault("stored")

    def _watch_for_second_writer(self, owned: OwnedPartition, first_offset: int) -> None:
        if owned.expected_changelog and first_offset > owned.expected_changelog:
            metrics.CHANGELOG_GAPS.labels(str(owned.partition)).inc()
