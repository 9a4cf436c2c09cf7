"""How much room the disk of the state has: a full one stops a worker in the middle of its work."""

from __future__ import annotations

import shutil
from math import nan
from pathlib import Path

from streams.telemetry.metrics import _gauge

DISK_FREE = _gauge(
    "braid_disk_free_bytes",
    "Bytes left on the disk of BRAID_STATE_DIR; not a number when it cannot be asked.",
    "Falls steadily: give the state a larger disk, or share the partitions with more workers.",
)
DISK = _gauge("braid_disk_bytes", "Size of the disk of BRAID_STATE_DIR.", "None.")


def watch_disk(folder: Path) -> None:
    """Measure the disk of a folder whenever metrics are read; once per process, by the composition root."""
    DISK_FREE.set_function(lambda: _usage(folder)[0])
    DISK.set_function(lambda: _usage(folder)[1])


def _usage(folder: Path) -> tuple[float, float]:
    """(free, size) in bytes; a reading that fails must not take the other metrics with it."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return nan, nan
    return usage.free, usage.total
