"""A process seen from outside, by what Linux tells of it: CPU, wake-ups, memory. Costs the process nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessSeen:
    """A running process."""

    pid: int

    def cpu_s(self) -> float:
        """User and system time so far, all threads; ticks of 10 ms."""
        fields = (self._home / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def n_wakeups(self) -> int:
        """How often a thread that now lives had to wait and was woken."""
        n_switches = 0
        for status in (self._home / "task").glob("*/status"):
            with suppress(OSError):  # the thread has ended meanwhile
                lines = [line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt")]
                n_switches += sum(int(line.split()[1]) for line in lines)
        return n_switches

    def rss_bytes(self) -> int:
        """Memory in use, shared pages included."""
        return int((self._home / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def _home(self) -> Path:
        return Path("/proc") / str(self.pid)
