"""`python -m tests.soak.small worker|serve` is `braid worker|serve` with small caches: minutes of load reach every bound.

With the caches of production (256 MiB of state blocks, 128 MiB in serve, memtables of 16 to 32 MiB) memory still rises
after a quarter of an hour because blocks of files that compaction has replaced stay cached until the cache is full.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from streams import serve_app, worker_parts
from streams.adapters import embedding_cache, item_catalogue, local_view
from streams.cli import main as braid
from streams.engine import table
from streams.settings import environment_without_braid
from tests.support.pipeline import Worker, free_port

BLOCKS_BYTES = 4 << 20
MEMTABLE_BYTES = 2 << 20


def start(command: str, log: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """`worker` or `serve` as a process; what it says goes to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.soak.small", command],
            env={**environment_without_braid(), **settings},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )


class SmallWorker(Worker):
    """A worker of that kind, seen from outside as any other."""

    def __init__(self, log: Path, settings: dict[str, str]) -> None:
        self.port, self.log = free_port(), log
        self.process = start("worker", log, {**settings, "BRAID_METRICS__PORT": str(self.port)})


class SmallStorage(table.TableStorage):
    """State with a small block cache."""

    @classmethod
    def under(cls, directory: Path, cache_bytes: int = BLOCKS_BYTES) -> table.TableStorage:
        return table.TableStorage.under(directory, cache_bytes)


def main() -> None:
    """Make everything small, then run the command as ever."""
    for module in (serve_app, item_catalogue, embedding_cache):
        module.BLOCK_CACHE_BYTES = BLOCKS_BYTES
    for module in (local_view, table):
        module._MEMTABLE_BYTES = MEMTABLE_BYTES
    worker_parts.TableStorage = SmallStorage
    sys.argv[0] = "braid"
    braid()


if __name__ == "__main__":
    main()
