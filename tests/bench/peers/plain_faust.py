"""The job on plain Faust 0.15.3: `python -m tests.bench.peers.plain_faust SPEC`.

aiokafka transport, one event at a time, state in a RocksDB table (rocksdict driver) with its changelog.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

import faust

from streams.domain.raw import RawRecord
from streams.domain.states import UserState, pack_state, unpack_state
from tests.bench.peers.job import Folding, Gate, JobSpec
from tests.bench.peers.meter import Meter, calm_garbage_collector

PARTITIONS = 4
RAW: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}

Handle = Callable[[Any], Awaitable[None]]


class Job:
    """A Faust app of one stage; it ends the process after n events."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self._meter = Meter()
        self._n_seen = 0
        self.app = faust.App(
            f"{spec.prefix}faust-{spec.stage}",
            broker=f"kafka://{spec.servers}",
            store="rocksdb://?driver=rocksdict",
            datadir=spec.state_dir,
            web_enabled=False,
            topic_partitions=PARTITIONS,
            topic_replication_factor=1,
            table_standby_replicas=0,
            stream_wait_empty=False,
            env={},
        )
        name, handle = self._profile() if spec.stage == "profile" else self._normalise()
        self.app.agent(self.app.topic(name, **RAW), name=spec.stage)(self._serving(handle))

    def run(self) -> None:
        calm_garbage_collector()
        faust.Worker(self.app, loglevel=logging.WARNING).execute_from_commandline()

    def _serving(self, handle: Handle) -> Callable[[Any], Awaitable[None]]:
        async def serve(stream: Any) -> None:
            async for event in stream.events():
                if self._n_seen >= self._spec.n_events:
                    return  # more is in the topic than this engine is asked for
                self._meter.start()
                await handle(event)
                self._n_seen += 1
                if self._n_seen == self._spec.n_events:
                    asyncio.get_running_loop().create_task(self._finish())

        return serve

    def _normalise(self) -> tuple[str, Handle]:
        gate, out = Gate(self._spec), self.app.topic(self._spec.own.user_events, **RAW)

        async def handle(event: Any) -> None:
            message = event.message
            ((user, packed),) = gate.packed([RawRecord(event.value, (), message.timestamp, message.topic)])
            await out.send(key=user.encode(), value=packed)

        return self._spec.shared.events("shop"), handle

    def _profile(self) -> tuple[str, Handle]:
        folding, out = Folding(self._spec), self.app.topic(self._spec.own.profiles, **RAW)
        table = self.app.Table("state", key_type=bytes, value_type=bytes, partitions=PARTITIONS)

        async def handle(event: Any) -> None:
            observation = folding.observe(event.key, event.value, event.message.offset)
            raw = table.get(event.key)
            state = UserState() if raw is None else unpack_state(raw)
            (triggers,) = folding.fold(state, [observation]).touched.values()
            table[event.key] = pack_state(state)
            await out.send(key=event.key, value=folding.publish(observation.user, state, triggers))

        return self._spec.shared.user_events, handle

    async def _finish(self) -> None:
        await asyncio.sleep(0)
        while self.app.producer.buffer.size:  # noqa: ASYNC110 - Faust tells no other way
            await asyncio.sleep(0.01)
        await self.app.producer.flush()
        await self.app.consumer.commit()
        self._meter.stop()
        self._meter.report(self._spec.n_events)
        os._exit(0)


def main() -> None:
    Job(JobSpec.from_command_line()).run()


if __name__ == "__main__":
    main()
