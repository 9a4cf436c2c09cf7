"""What one run of an engine cost: from the first record its user code sees to the last one durable."""

from __future__ import annotations

import gc
import json
import os
import resource
import time


class Meter:
    """`start` is called for every record and counts once; `stop` when the last effect is confirmed."""

    def __init__(self) -> None:
        self.began_s: float | None = None
        self._cpu_s = 0.0
        self._lasted_s = 0.0

    def start(self) -> None:
        if self.began_s is None:
            self._cpu_s, self.began_s = cpu_s(), time.perf_counter()

    def stop(self) -> None:
        assert self.began_s is not None, "no record was seen"
        self._lasted_s, self._cpu_s = time.perf_counter() - self.began_s, cpu_s() - self._cpu_s

    def report(self, n_events: int) -> None:
        """What the events cost."""
        tell({"events_per_s": n_events / self._lasted_s, "cpu_us_per_event": 1e6 * self._cpu_s / n_events})


def tell(row: dict[str, float]) -> None:
    """One JSON line, past whatever the engine made of sys.stdout; Faust's spinner leaves codes on the line before."""
    os.write(1, ("\n" + json.dumps(row) + "\n").encode())


def cpu_s() -> float:
    """User and system time of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def calm_garbage_collector() -> None:
    """As Braid's worker does it: a fair peer is not slowed down by what one line turns off."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
