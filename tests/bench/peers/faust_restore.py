"""Plain Faust 0.15.3 after losing its state: `python -m tests.bench.peers.faust_restore SPEC`.

Stage `fill` keeps every record of the input in a RocksDB table (rocksdict driver), which writes the table's changelog;
stage `restore`, with an empty folder, measures from the assignment to the end of the table's recovery.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import Any

import faust

from tests.bench.peers.job import JobSpec
from tests.bench.peers.meter import Meter, calm_garbage_collector, tell
from tests.bench.peers.plain_faust import PARTITIONS, RAW

#: A process that has measured ends at once; the next one joins when its session is over.
SESSION_S = 6.0


class Job:
    """A Faust app whose table is its input."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self._meter = Meter()
        self._n_seen = 0
        self._assigned_s = 0.0
        self.app = faust.App(
            f"{spec.prefix}faust-restore",
            broker=f"kafka://{spec.servers}",
            store="rocksdb://?driver=rocksdict",
            datadir=spec.state_dir,
            web_enabled=False,
            topic_partitions=PARTITIONS,
            topic_replication_factor=1,
            table_standby_replicas=0,
            stream_wait_empty=False,
            broker_session_timeout=SESSION_S,
            broker_heartbeat_interval=SESSION_S / 3,
            env={},
        )
        self._table = self.app.Table("state", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
        self.app.agent(self.app.topic(spec.own.user_events, **RAW), name="keep")(self._serve)
        if spec.stage == "restore":
            self.app.on_partitions_assigned.connect(self._assigned, weak=False)
            self.app.on_rebalance_complete.connect(self._recovered, weak=False)

    def run(self) -> None:
        calm_garbage_collector()
        faust.Worker(self.app, loglevel=logging.WARNING).execute_from_commandline()

    async def _serve(self, stream: Any) -> None:
        async for event in stream.events():
            self._meter.start()
            self._table[event.key] = event.value
            self._n_seen += 1
            if self._n_seen == self._spec.n_events and self._spec.stage == "fill":
                asyncio.get_running_loop().create_task(self._finish())

    async def _finish(self) -> None:
        await asyncio.sleep(0)
        while self.app.producer.buffer.size:  # noqa: ASYNC110 - Faust tells no other way
            await asyncio.sleep(0.01)
        await self.app.producer.flush()
        await self.app.consumer.commit()
        self._meter.stop()
        self._meter.report(self._spec.n_events)
        os._exit(0)

    async def _assigned(self, *_: Any, **__: Any) -> None:
        self._assigned_s = time.perf_counter()

    async def _recovered(self, *_: Any, **__: Any) -> None:
        lasted_s = time.perf_counter() - self._assigned_s
        n_records = sum(1 for _ in self._table.keys())  # noqa: SIM118 - a table is iterated by its store
        tell({"take_over_s": lasted_s, "restored_records": n_records, "records_per_s": n_records / lasted_s})
        os._exit(0)


def main() -> None:
    Job(JobSpec.from_command_line()).run()


if __name__ == "__main__":
    main()
