"""Quix Streams 3.28 after losing its state: `python -m tests.bench.peers.quix_restore SPEC`.

Stage `fill` keeps every record of the input as the state of its key, which writes Quix's own changelog; stage
`restore`, with an empty folder, measures from the assignment to the end of the recovery.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from quixstreams import Application

from tests.bench.peers.job import JobSpec
from tests.bench.peers.meter import Meter, calm_garbage_collector, tell
from tests.bench.peers.quix import CONSUMER, PRODUCER

LINGER_MS = 5


class Job:
    """A Quix application whose state is its input."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self._meter = Meter()
        self._assigned_s = 0.0
        self.app = Application(
            broker_address=spec.servers,
            consumer_group=f"{spec.prefix}quix-restore",
            auto_offset_reset="earliest",
            state_dir=spec.state_dir,
            loglevel=logging.WARNING,
            consumer_extra_config=CONSUMER,
            producer_extra_config=PRODUCER | {"linger.ms": LINGER_MS},
        )
        topic = self.app.topic(spec.own.user_events, key_deserializer="bytes", value_deserializer="bytes")
        self.app.dataframe(topic).update(self._keep, stateful=True)

    def run(self) -> None:
        calm_garbage_collector()
        if self._spec.stage == "restore":
            self._end_after_recovery()
            self.app.run()
            return
        self.app.run(count=self._spec.n_events, collect=False)
        self._meter.stop()
        self._meter.report(self._spec.n_events)

    def _keep(self, value: bytes, state: Any) -> None:
        self._meter.start()
        state.set_bytes("s", value)

    def _end_after_recovery(self) -> None:
        manager, on_assign = self.app._state_manager, self.app._on_assign
        do_recovery = manager.do_recovery

        def assigned(*arguments: Any) -> None:
            self._assigned_s = time.perf_counter()
            on_assign(*arguments)

        def recovered() -> None:
            do_recovery()
            lasted_s = time.perf_counter() - self._assigned_s
            n_records = self._n_restored()
            tell({"take_over_s": lasted_s, "restored_records": n_records, "records_per_s": n_records / lasted_s})
            os._exit(0)

        self.app._on_assign, manager.do_recovery = assigned, recovered

    def _n_restored(self) -> int:
        (stores,) = self.app._state_manager.stores.values()
        partitions = [partition for store in stores.values() for partition in store.partitions.values()]
        return sum(1 for partition in partitions for _ in partition.iter_items(b"", b"\xff"))


def main() -> None:
    Job(JobSpec.from_command_line()).run()


if __name__ == "__main__":
    main()
