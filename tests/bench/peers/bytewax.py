"""The job on Bytewax 0.21 at its best tuning: `python -m tests.bench.peers.bytewax SPEC`.

State stays decoded in memory, its snapshots go to SQLite once an epoch (10 s, its default); large source batches are
normalised and folded a batch at a time (`stateful_batch`). Bytewax has no consumer group, no changelog topic and no
fence. Variants: `batch`, or `each` with one call and one profile an event. `whole` needs no topic between the stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from streams.domain.folding import Observation
from streams.domain.raw import RawRecord
from streams.domain.states import UserState, pack_state, unpack_state
from tests.bench.peers.job import Folding, Gate, JobSpec
from tests.bench.peers.meter import Meter, calm_garbage_collector

SOURCE_BATCH = 10_000
EPOCH_S = 10.0
CONSUMER = {"queued.min.messages": "200000", "queued.max.messages.kbytes": "262144", "check.crcs": "false"}
PRODUCER = {"partitioner": "murmur2_random", "linger.ms": "5", "queue.buffering.max.messages": "1000000", "acks": "all"}

Observe = Callable[[list[Any]], Iterable[tuple[str, Observation]]]


class FoldLogic(StatefulBatchLogic[Observation, bytes, bytes]):
    """One user's state, decoded while it lives."""

    def __init__(self, folding: Folding, snapshot: bytes | None, *, each: bool) -> None:
        self._folding = folding
        self._state = UserState() if snapshot is None else unpack_state(snapshot)
        self._each = each

    def on_batch(self, values: list[Observation]) -> tuple[Iterable[bytes], bool]:
        groups = [[value] for value in values] if self._each else [values]
        return [self._folded(group) for group in groups], StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        return pack_state(self._state)

    def _folded(self, observations: list[Observation]) -> bytes:
        user = observations[0].user
        (triggers,) = self._folding.fold(self._state, observations).touched.values()
        return self._folding.publish(user, self._state, triggers)


class Job:
    """The dataflow of one stage or both."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self.meter = Meter()

    def run(self) -> None:
        snapshots = Path(self._spec.state_dir) / self._spec.stage
        snapshots.mkdir(parents=True, exist_ok=True)
        init_db_dir(snapshots, 1)
        flow = self._flow()
        calm_garbage_collector()
        cli_main(flow, epoch_interval=timedelta(seconds=EPOCH_S), recovery_config=RecoveryConfig(str(snapshots)))
        self.meter.stop()
        self.meter.report(self._spec.n_events)

    def _flow(self) -> Dataflow:
        spec = self._spec
        flow = Dataflow(f"{spec.engine}_{spec.stage}")
        topic = spec.shared.user_events if spec.stage == "profile" else spec.shared.events("shop")
        source = KafkaSource([spec.servers], [topic], tail=False, batch_size=SOURCE_BATCH, add_config=CONSUMER)
        stream = op.input("in", flow, source)
        if spec.stage == "normalise":
            self._output(op.flat_map_batch("normalise", stream, self._normalised()), spec.own.user_events)
            return flow
        folding, each = Folding(spec), spec.variant == "each"
        observed = self._observed(folding) if spec.stage == "profile" else self._normalised_and_observed(folding)
        keyed = op.flat_map_batch("observe", stream, observed)
        folded = op.stateful_batch("fold", keyed, lambda snapshot: FoldLogic(folding, snapshot, each=each))
        self._output(folded, spec.own.profiles)
        return flow

    def _output(self, stream: Any, topic: str) -> None:
        messages = op.map("message", stream, lambda keyed: KafkaSinkMessage(keyed[0].encode(), keyed[1]))
        op.output("out", messages, KafkaSink([self._spec.servers], topic, add_config=PRODUCER))

    def _normalised(self) -> Callable[[list[Any]], Iterable[tuple[str, bytes]]]:
        gate, start = Gate(self._spec), self.meter.start

        def normalised(batch: list[Any]) -> Iterable[tuple[str, bytes]]:
            start()
            return gate.packed([_as_record(message) for message in batch])

        return normalised

    def _observed(self, folding: Folding) -> Observe:
        start = self.meter.start

        def observed(batch: list[Any]) -> Iterable[tuple[str, Observation]]:
            start()
            seen = [folding.observe(message.key, message.value, message.offset) for message in batch]
            return [(observation.user, observation) for observation in seen]

        return observed

    def _normalised_and_observed(self, folding: Folding) -> Observe:
        gate, start = Gate(self._spec), self.meter.start

        def observed(batch: list[Any]) -> Iterable[tuple[str, Observation]]:
            start()
            events = gate.events([_as_record(message) for message in batch])
            return [
                (user, folding.observation(message.offset, user, event))
                for message, (user, event) in zip(batch, events, strict=True)
            ]

        return observed


def _as_record(message: Any) -> RawRecord:
    timestamp_s, topic = message.timestamp[1] / 1000.0, message.topic
    return RawRecord(message.value, (), timestamp_s, topic, message.partition, message.offset, message.key)


def main() -> None:
    Job(JobSpec.from_command_line()).run()


if __name__ == "__main__":
    main()
