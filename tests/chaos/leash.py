"""A worker on a leash: `python -m tests.chaos.leash <folder> worker …` is `braid worker …`, with points armed while it runs.

Commands come as lines on stdin: `arm <action> <stage> <point> <pass> [seconds]`, `clock <seconds>`. The end of stdin ends
the worker: none outlives its driver. What fired is written to `<folder>/fired.jsonl` before it acts, and
`<folder>/in-flight` holds, per stage, how many batches are between fold and ack: readable while the process is stopped.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from streams import app
from streams.adapters.clock import SystemClock
from streams.app import STAGES, WorkerParts
from streams.cli import main as braid
from streams.engine.faults import Fault
from tests.chaos.planted import plant

COUNTERS = struct.Struct(f"<{len(STAGES)}i")


class PointError(RuntimeError):
    """The failure that a test asked for."""


class Leash:
    """Armed points of all stages of this process, and the count of batches in flight."""

    def __init__(self, folder: Path) -> None:
        self._armed: dict[tuple[str, str], tuple[str, int, float]] = {}
        self._lock = threading.Lock()
        self._fired = os.open(folder / "fired.jsonl", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        with (folder / "in-flight").open("w+b") as file:
            file.write(bytes(COUNTERS.size))
            file.flush()
            self._shared = mmap.mmap(file.fileno(), COUNTERS.size)
        self._in_flight = [0] * len(STAGES)
        self.clock_offset_s = 0.0

    def fault_of(self, stage: str) -> Fault:
        """The fault callable that a stage gets."""
        return lambda point: self._pass(stage, point)

    def listen(self) -> None:
        """Take commands until the driver lets go."""
        for line in sys.stdin:
            word, *rest = line.split()
            if word == "clock":
                self.clock_offset_s = float(rest[0])
                self._write_down({"action": "clock", "seconds": self.clock_offset_s})
            elif word == "arm":
                action, stage, point, passes, *seconds = rest
                with self._lock:
                    self._armed[stage, point] = (action, int(passes), float(seconds[0]) if seconds else 0.0)
        os._exit(0)

    def _pass(self, stage: str, point: str) -> None:
        with self._lock:
            self._count(stage, point)
            armed = self._armed.get((stage, point))
            if armed is None:
                return
            action, passes, seconds = armed
            if passes > 1:
                self._armed[stage, point] = (action, passes - 1, seconds)
                return
            del self._armed[stage, point]
            self._write_down({"action": action, "stage": stage, "point": point, "in_flight": list(self._in_flight)})
            if action in _AT_ONCE:
                _AT_ONCE[action]()
        if action == "raise":
            raise PointError(f"asked for at {stage}.{point}")
        if action == "sleep":
            time.sleep(seconds)

    def _write_down(self, line: dict[str, object]) -> None:
        os.write(self._fired, json.dumps(line).encode() + b"\n")

    def _count(self, stage: str, point: str) -> None:
        change = {"folded": 1, "acked": -1}.get(point, 0)
        if change:
            self._in_flight[STAGES.index(stage)] += change
            self._shared[:] = COUNTERS.pack(*self._in_flight)


_AT_ONCE: dict[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    # To this thread: sent to the process, another one may take it, and this one runs on past the point for a moment.
    "stop": lambda: signal.pthread_kill(threading.get_ident(), signal.SIGSTOP),
}


def put_on(leash: Leash) -> None:
    """Give every stage its own fault callable, and the process a clock that can be set."""
    owner_of, app_of, now_of = WorkerParts._owner, WorkerParts._app, SystemClock.now_s

    def owner(self, stage, *args):
        self.fault = leash.fault_of(stage)
        return owner_of(self, stage, *args)

    def stage_app(self, stage, *args, **options):
        self.fault = leash.fault_of(stage.name)
        return app_of(self, stage, *args, **options)

    app.WorkerParts._owner = owner
    app.WorkerParts._app = stage_app
    SystemClock.now_s = lambda self: now_of(self) + leash.clock_offset_s


def main() -> None:
    """Leash first, bug second, then the command as ever."""
    folder = Path(sys.argv[1])
    leash = Leash(folder)
    put_on(leash)
    plant(os.environ.pop("CHAOS_PLANTED", ""))
    threading.Thread(target=leash.listen, daemon=True, name="leash").start()
    sys.argv = ["braid", *sys.argv[2:]]
    braid()


if __name__ == "__main__":
    main()
