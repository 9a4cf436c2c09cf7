"""Broken files and full disks."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

DISK_BYTES = 256 << 20


def break_files(folder: Path, rng: random.Random, n_files: int = 3, n_bytes: int = 16) -> list[str]:
    """Flip bytes in some of RocksDB's tables and write-ahead logs below the folder; their names, relative to it."""
    found = [f for f in sorted(folder.rglob("*")) if f.suffix in {".sst", ".log"} and f.stat().st_size > 0]
    broken = rng.sample(found, min(n_files, len(found)))
    for file in broken:
        with file.open("r+b") as opened:
            for _ in range(n_bytes):
                at = rng.randrange(file.stat().st_size)
                opened.seek(at)
                (byte,) = opened.read(1)
                opened.seek(at)
                opened.write(bytes([byte ^ (1 << rng.randrange(8))]))
    return [f"{file.parent.name}/{file.name}" for file in broken]


def can_mount() -> bool:
    """Whether this process may mount a file system of its own."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


class FullDisk:
    """A small file system (tmpfs) at the place of a folder, whose content it takes over and loses at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"

    def __enter__(self) -> Self:
        aside = self._folder.with_name("aside")
        self._folder.rename(aside)
        self._folder.mkdir()
        options = f"size={DISK_BYTES}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "chaos", str(self._folder)], check=True)
        shutil.copytree(aside, self._folder, dirs_exist_ok=True)
        shutil.rmtree(aside)
        return self

    def fill(self) -> None:
        """Take all room that is left."""
        with self._ballast.open("wb", buffering=0) as file:
            for n_bytes in (1 << 16, 1):
                try:
                    while file.write(bytes(n_bytes)):
                        pass
                except OSError:
                    continue

    def relieve(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", "--lazy", str(self._folder)], check=True)
