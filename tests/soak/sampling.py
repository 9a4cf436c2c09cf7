"""What a process holds, looked at from outside: memory, descriptors, threads, disk, and its own gauges of what waits."""

from __future__ import annotations

import os
import re
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
#: Gauges of queues: sums over their labels.
QUEUES = (
    "braid_lag_records", "braid_lane_fetches", "braid_open_batches", "braid_waiting_records", "braid_paused_partitions",
    "braid_producer_queue_records", "braid_encoder_waiting_seconds", "braid_index_delta_rows",
)  # fmt: skip
_SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Watched:
    """A process under watch. metrics_url: where it tells its own gauges."""

    name: str
    pid: int
    state_dir: Path
    metrics_url: str

    def sample(self) -> dict[str, float]:
        """`<process>.<measure>` -> value, now."""
        measures = {
            "rss_mib": self._rss_bytes() / (1 << 20),
            **self._descriptors(),
            "threads": float(_n_entries(Path(f"/proc/{self.pid}/task"))),
            "disk_mib": disk_bytes(self.state_dir) / (1 << 20),
            **self._gauges(),
        }
        return {f"{self.name}.{measure}": value for measure, value in measures.items()}

    def _rss_bytes(self) -> int:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES

    def _descriptors(self) -> dict[str, float]:
        """All of them, and how many are files of the state directory: RocksDB keeps every table file open."""
        targets = []
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                targets.append(link.readlink())
        n_state = sum(target.is_relative_to(self.state_dir) for target in targets)
        return {"fds": float(len(targets) - n_state), "state_fds": float(n_state)}

    def _gauges(self) -> dict[str, float]:
        with urllib.request.urlopen(self.metrics_url, timeout=30) as answer:
            text = answer.read().decode()
        sums: dict[str, float] = {}
        for name, value in _SAMPLE.findall(text):
            if name in QUEUES:
                sums[name] = sums.get(name, 0.0) + float(value)
        return sums


def disk_bytes(folder: Path) -> int:
    """Bytes that files below a folder take on the disk."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # stores drop files while they are counted
                total += (Path(root) / name).stat().st_blocks * 512
    return total


def _n_entries(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())
