"""Work that comes round at intervals, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Repeated:
    """Calls `work` every `interval_s` until it is stopped, the first time after one interval; `work` must not raise."""

    def __init__(self, name: str, work: Callable[[], object], interval_s: float) -> None:
        """name: of the thread."""
        self._work = work
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, timeout_s: float | None = None) -> None:
        """End, after the work that has begun; waits for it at most `timeout_s`."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self._work()
