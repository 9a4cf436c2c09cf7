"""Snapshots of the index at intervals, on a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable

JOIN_S = 30.0


class SnapshotKeeper:
    """Calls `save` every `interval_s` until it is stopped; `save` must not raise."""

    def __init__(self, save: Callable[[], None], interval_s: float) -> None:
        self._save = save
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index-snapshots", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a snapshot that has begun."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self._save()
