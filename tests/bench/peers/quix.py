"""The job on Quix Streams 3.28 at its best tuning: `python -m tests.bench.peers.quix SPEC`.

Large fetch and producer queues, checkpoints by time only (5 s, its default), bytes as state, changelog topics on,
at-least-once. Variants of the profile stage: `sink` publishes a user's last profile once a checkpoint through a
batching sink (fewest profiles made; the profile is as late as the checkpoint), `each` publishes one an event.
"""

from __future__ import annotations

import logging
from operator import itemgetter
from typing import Any

from confluent_kafka import Producer
from quixstreams import Application, message_context
from quixstreams.models import Serializer
from quixstreams.sinks import BatchingSink, SinkBatch

from streams.domain.raw import RawRecord
from streams.domain.states import UserState, pack_state, unpack_state
from tests.bench.peers.job import Folding, Gate, JobSpec
from tests.bench.peers.meter import Meter, calm_garbage_collector

CONSUMER = {
    "fetch.min.bytes": 1, "queued.min.messages": 200_000, "queued.max.messages.kbytes": 262_144, "check.crcs": False,
}  # fmt: skip
PRODUCER = {"queue.buffering.max.messages": 1_000_000, "batch.size": 1_000_000, "acks": "all"}
THROUGHPUT_LINGER_MS = 5
#: Served at a steady rate the job trades throughput for latency.
SERVING_LINGER_MS = 1


class Profiles(BatchingSink):
    """At a checkpoint: one profile a user, made from the last state, confirmed before the checkpoint goes on."""

    def __init__(self, servers: str, topic: str, folding: Folding) -> None:
        super().__init__()
        self._topic = topic
        self._folding = folding
        self._producer = Producer({
            "bootstrap.servers": servers, "enable.idempotence": True, "linger.ms": THROUGHPUT_LINGER_MS,
            "partitioner": "murmur2_random", **PRODUCER,
        })  # fmt: skip
        self._errors: list[Any] = []

    def write(self, batch: SinkBatch) -> None:
        last = {item.key: item.value for item in batch}
        for key, (user, state, triggers) in last.items():
            profile = self._folding.publish(user, state, triggers)
            self._producer.produce(self._topic, profile, key, on_delivery=self._delivered)
        if self._producer.flush(60) or self._errors:
            raise RuntimeError(self._errors or "not delivered")

    def _delivered(self, error: Any, _message: Any) -> None:
        if error is not None:
            self._errors.append(error)


class PackedEvent(Serializer):
    """The second of (user key, packed event)."""

    def __call__(self, value: tuple[str, bytes], ctx: Any) -> bytes:
        return value[1]


class Job:
    """A Quix application of one stage or both."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self.meter = Meter()
        linger_ms = THROUGHPUT_LINGER_MS if spec.n_events else SERVING_LINGER_MS
        self.app = Application(
            broker_address=spec.servers,
            consumer_group=f"{spec.prefix}quix-{spec.stage}-{spec.variant}",
            auto_offset_reset="earliest",
            state_dir=spec.state_dir,
            loglevel=logging.WARNING,
            consumer_extra_config=CONSUMER,
            producer_extra_config=PRODUCER | {"linger.ms": linger_ms},
        )
        if spec.stage != "profile":
            self._add_normalise()
        if spec.stage != "normalise":
            self._add_profile()

    def run(self) -> None:
        calm_garbage_collector()
        self._stop_the_clock_after_the_last_commit()
        if self._spec.n_events:
            self.app.run(count=self._spec.n_events, collect=False)
            self.meter.report(self._spec.n_events)
        else:
            self.app.run()

    def _topic(self, name: str, **serializers: Any) -> Any:
        raw = {"key_serializer": "bytes", "value_serializer": "bytes"} | serializers
        return self.app.topic(name, key_deserializer="bytes", value_deserializer="bytes", **raw)

    def _add_normalise(self) -> None:
        gate, start, platform_topic = Gate(self._spec), self.meter.start, self._spec.shared.events("shop")

        def normalise(value: bytes, key: bytes, timestamp_ms: int, _headers: Any) -> tuple[str, bytes]:
            start()
            (made,) = gate.packed([RawRecord(value, (), timestamp_ms / 1000.0, platform_topic, 0, 0, key)])
            return made

        frame = self.app.dataframe(self._topic(platform_topic)).apply(normalise, metadata=True)
        out = self._topic(self._spec.own.user_events, key_serializer="str", value_serializer=PackedEvent())
        frame.to_topic(out, key=itemgetter(0))

    def _add_profile(self) -> None:
        folding = Folding(self._spec)
        start, observe, fold, publish = self.meter.start, folding.observe, folding.fold, folding.publish

        def update(value: bytes, key: bytes, _timestamp_ms: int, _headers: Any, state: Any) -> Any:
            start()
            observation = observe(key, value, message_context().offset)
            raw = state.get_bytes("s")
            account = UserState() if raw is None else unpack_state(raw)
            (triggers,) = fold(account, [observation]).touched.values()
            state.set_bytes("s", pack_state(account))
            return observation.user, account, triggers

        def update_and_publish(value: bytes, key: bytes, timestamp_ms: int, headers: Any, state: Any) -> bytes:
            return publish(*update(value, key, timestamp_ms, headers, state))

        frame = self.app.dataframe(self._topic(self._spec.user_events))
        profiles = self._spec.own.profiles
        if self._spec.variant == "sink":
            frame = frame.apply(update, stateful=True, metadata=True)
            frame.sink(Profiles(self._spec.servers, profiles, folding))
        else:
            frame.apply(update_and_publish, stateful=True, metadata=True).to_topic(self._topic(profiles))

    def _stop_the_clock_after_the_last_commit(self) -> None:
        """Quix goes on to leave its group, which is none of the job's cost."""
        context, meter = self.app._processing_context, self.meter
        commit_checkpoint = context.commit_checkpoint

        def commit(force: bool = False, **options: Any) -> None:
            commit_checkpoint(force=force, **options)
            if force and meter.began_s is not None and not options.get("revoking"):
                meter.stop()

        context.commit_checkpoint = commit


def main() -> None:
    Job(JobSpec.from_command_line()).run()


if __name__ == "__main__":
    main()
