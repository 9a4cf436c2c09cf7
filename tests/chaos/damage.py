"""Broken files and full disks."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

DISK_BYTES = 256 << 20


def files_of(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files below the folder that hold something and end so; `("",)` = whatever they end with."""
    found = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name.endswith(suffixes))
    return [file for file in found if file.stat().st_size > 0]


def break_files(files: Sequence[Path], rng: random.Random, n_files: int = 3, n_bytes: int = 16) -> list[str]:
    """Flip bytes in some of the files; their names."""
    broken = rng.sample(files, min(n_files, len(files)))
    for file in broken:
        with file.open("r+b") as opened:
            for at in rng.sample(range(file.stat().st_size), min(n_bytes, file.stat().st_size)):
                opened.seek(at)
                (byte,) = opened.read(1)
                opened.seek(at)
                opened.write(bytes([byte ^ (1 << rng.randrange(8))]))
    return [f"{file.parent.name}/{file.name}" for file in broken]


def cut_files(files: Sequence[Path], rng: random.Random, n_files: int = 3) -> list[str]:
    """Cut the ends off some of the files, as a write that never finished leaves them; their names."""
    cut = rng.sample(files, min(n_files, len(files)))
    for file in cut:
        os.truncate(file, rng.randrange(file.stat().st_size))
    return [f"{file.parent.name}/{file.name}" for file in cut]


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
