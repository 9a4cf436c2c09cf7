"""Copies of the local state of a process that is stopped, and their way back.

A snapshot saves time and is never the truth: a restored folder goes on from the offset that it holds, by the topics. So
it must be younger than the tombstones there, or the erased would come back; what is older is left out or refused.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rocksdict import Cache, Checkpoint, Rdict

from streams.adapters.snapshot_manifest import (
    Manifest,
    Owner,
    Part,
    digested,
    verify,
    write_manifest,
)
from streams.domain.decay import DAY_S
from streams.errors import Unavailable, UsageError
from streams.rocks import CURRENT, last_used_s, point_lookup_options, storage_errors_named

#: Folders with one database a partition, and folders that are kept whole. The caches are left out: they only save work.
STAGES: Final = ("profile", "identity", "letters")
WHOLE: Final = ("items", "identities", "serve")
_UNFINISHED: Final = ".restoring"
_CACHE_BYTES: Final = 8 << 20
_MEMTABLE_BYTES: Final = 16 << 20


class Taken(NamedTuple):
    """The manifest, and the parts that were left out since they are too old."""

    manifest: Manifest
    too_old: list[str]


def take(state_dir: Path, target: Path, owner: Owner, now_s: float, max_age_s: float) -> Taken:
    """Copy what is below `state_dir` to `target`, which lies elsewhere and does not exist or is empty.

    Files of RocksDB are linked where both are on one disk, and copied otherwise. Raises UsageError, Unavailable where
    there is nothing to copy, Retryable while a process holds a folder, CorruptState for a damaged one.
    """
    if target.resolve().is_relative_to(state_dir.resolve()):
        raise UsageError(f"{target}: lies in the state that is copied ({state_dir}); name a folder outside of it")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target}: is there and not empty; name a folder that is not")
    found = {name: _newest_s(state_dir / name) for name in _parts_of(state_dir)}
    too_old = [name for name, as_of_s in found.items() if now_s - as_of_s > max_age_s]
    kept = [name for name in found if name not in too_old]
    if not kept:
        raise Unavailable(
            f"{state_dir}: no state that is young enough to keep; without a snapshot it comes back from the topics"
        )
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in kept:
        _copy(state_dir / name, target / name)
    parts = [Part(name, found[name]) for name in kept]
    manifest = Manifest(now_s, owner, parts, digested(target))
    write_manifest(target, manifest)
    return Taken(manifest, too_old)


def check_fits(
    manifest: Manifest, owner: Owner, previous_marks: Collection[str], now_s: float, max_age_s: float
) -> None:
    """Raises UsageError for a snapshot of another installation, and for one that is too old to catch up.

    previous_marks: of the secrets before the present one.
    """
    if manifest.owner.prefix != owner.prefix:
        raise UsageError(
            f"BRAID_TOPICS__PREFIX={owner.prefix}: the snapshot is of topics under {manifest.owner.prefix!r}"
        )
    if manifest.owner.secret_mark not in {owner.secret_mark, *previous_marks}:
        raise UsageError(
            "BRAID_PSEUDONYM__KEY: the snapshot was made under another secret, so its keys are nobody's here; "
            "set the one it was made under, or start with an empty folder"
        )
    if now_s - manifest.as_of_s > max_age_s:
        raise UsageError(
            f"the snapshot's state is {(now_s - manifest.as_of_s) / DAY_S:.1f} days old, at most {max_age_s / DAY_S:g} "
            "can be caught up: the topics forget deletions after that, and the erased would come back. Start with an "
            "empty folder; the state comes back from the topics"
        )


def put_back(source: Path, state_dir: Path, manifest: Manifest) -> None:
    """Copy the parts of a snapshot to where they were. Nothing is there before everything has been copied.

    Raises UsageError when a part is there already, CorruptState when the snapshot is not what it was.
    """
    there = [part.name for part in manifest.parts if (state_dir / part.name).exists()]
    if there:
        raise UsageError(
            f"{state_dir}: {', '.join(there)} is there already; stop the process that uses it and move it away first"
        )
    verify(source, manifest.files)
    unfinished = state_dir / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    for file in manifest.files:
        copy = unfinished / file.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file.path, copy)
    verify(unfinished, manifest.files)
    for part in manifest.parts:
        _date(unfinished / part.name, part.as_of_s)  # as young as what is in it
        (state_dir / part.name).parent.mkdir(parents=True, exist_ok=True)
        (unfinished / part.name).rename(state_dir / part.name)
    shutil.rmtree(unfinished)


def _parts_of(state_dir: Path) -> Iterator[str]:
    for stage in STAGES:
        partitions = [path for path in (state_dir / stage).glob("*") if (path / CURRENT).exists()]
        yield from sorted(f"{stage}/{path.name}" for path in partitions)
    yield from (name for name in WHOLE if (state_dir / name).is_dir())


def _newest_s(folder: Path) -> float:
    """When the oldest of its databases was last written or closed: until then it was in step with its topic."""
    return min((last_used_s(path.parent) for path in folder.rglob(CURRENT)), default=0.0)


def _date(folder: Path, at_s: float) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (at_s, at_s))


def _copy(folder: Path, target: Path) -> None:
    """Databases by RocksDB itself, under their locks; other files as they are."""
    if (folder / CURRENT).exists():
        _checkpoint(folder, target)
        return
    target.mkdir()
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            _copy(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)


def _checkpoint(folder: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    used_s = last_used_s(folder)
    with storage_errors_named("state", folder):
        database = Rdict(str(folder), options=point_lookup_options(Cache(_CACHE_BYTES), _MEMTABLE_BYTES))
        try:
            Checkpoint(database).create_checkpoint(str(target))
        finally:
            database.close()
    _date(folder, used_s)  # looking at a state makes it no younger
