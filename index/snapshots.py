"""Snapshots on disk: saved whole or not at all, checked before FAISS sees them, the last good one kept.

A snapshot is a folder `snapshot-<number>` with a manifest that holds the blake2b digest of every other file and of
itself. It is written under another name, flushed to the disk and renamed, so that a crash at any moment leaves the
snapshot before it in place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from index.errors import CorruptSnapshot, NoSnapshot, SnapshotMismatch
from index.factory import NearestIndex, index_of
from index.labels import Labelled
from index.stored import StoredRows

FORMAT = 1
N_KEPT = 2
PREFIX = "snapshot-"
UNFINISHED = ".unfinished"
MANIFEST = "manifest.json"
ROWS = "rows.json"
GRAPH = "graph.faiss"

Meta = Mapping[str, Any]  # JSON: topic offsets, encoder model version


class Storable(Protocol):
    """An index that can be taken apart."""

    def stored(self) -> StoredRows:
        """Everything at this moment."""


def save(index: Storable, directory: Path, meta: Meta) -> Path:
    """Write a snapshot of this moment and drop the oldest beyond N_KEPT; one saver a directory.

    meta: what the reader needs to go on from here, as JSON: the topic offsets *read before the last change that the
    index holds*, the encoder's model version. Returns the folder. Raises OSError; then the snapshots before it are
    untouched.
    """
    stored = index.stored()
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    _write_rows(stored, unfinished)
    digests = {path.name: _digest(path) for path in sorted(unfinished.iterdir())}
    manifest = {"format": FORMAT, "dim": stored.dim, "digests": digests, "meta": dict(meta)}
    body = json.dumps(manifest, sort_keys=True)
    (unfinished / MANIFEST).write_text(f"{hashlib.blake2b(body.encode()).hexdigest()}\n{body}\n", encoding="utf-8")
    for path in unfinished.iterdir():
        _flush(path)
    _flush(unfinished)
    taken = _snapshots(directory)
    target = directory / f"{PREFIX}{(_number(taken[-1]) + 1 if taken else 1):012d}"
    unfinished.rename(target)
    _flush(directory)
    for old in _snapshots(directory)[:-N_KEPT]:
        shutil.rmtree(old)
    return target


def load(
    directory: Path,
    *,
    dim: int | None = None,
    expected: Meta | None = None,
    restore: Callable[[StoredRows], NearestIndex] = index_of,
    refused: Callable[[CorruptSnapshot], None] = lambda _error: None,
) -> tuple[NearestIndex, dict[str, Any]]:
    """The newest sound snapshot and its meta.

    dim: what the encoder makes, checked when given. expected: entries that meta must hold, such as the model version.
    restore: `functools.partial(index_of, kind=…, max_delta_rows=…)` for another kind of index.
    refused: told of every damaged snapshot that is passed over for an older one.
    Raises NoSnapshot, SnapshotMismatch; CorruptSnapshot when the oldest is damaged too.
    """
    snapshots = _snapshots(directory)
    if not snapshots:
        raise NoSnapshot(f"{directory} holds no snapshot: start empty and read the topic from its start")
    for folder in reversed(snapshots[1:]):
        try:
            return _load(folder, dim, expected or {}, restore)
        except CorruptSnapshot as error:
            refused(error)
    return _load(snapshots[0], dim, expected or {}, restore)


REBUILD = "start empty and read the topic from its start; the next save replaces it"


def _load(
    folder: Path, dim: int | None, expected: Meta, restore: Callable[[StoredRows], NearestIndex]
) -> tuple[NearestIndex, dict[str, Any]]:
    manifest = _checked_manifest(folder)
    meta: dict[str, Any] = manifest["meta"]
    if dim is not None and manifest["dim"] != dim:
        raise SnapshotMismatch(f"{folder} holds vectors of dimension {manifest['dim']}, not {dim}: {REBUILD}")
    for name, value in expected.items():
        if meta.get(name) != value:
            raise SnapshotMismatch(f"{folder} was made with {name} = {meta.get(name)!r}, not {value!r}: {REBUILD}")
    stored = _read_rows(folder, manifest["dim"])
    if fault := stored.fault():
        raise _corrupt(folder, fault)
    return restore(stored), meta


def _write_rows(stored: StoredRows, folder: Path) -> None:
    names = {"keys": stored.keys, "platforms": stored.platforms.names, "categories": stored.categories.names}
    (folder / ROWS).write_text(json.dumps(names), encoding="utf-8")
    np.save(folder / "platforms.npy", stored.platforms.codes)
    np.save(folder / "categories.npy", stored.categories.codes)
    np.save(folder / "live.npy", stored.live)
    np.save(folder / "vectors.npy", stored.vectors)
    if stored.graph is not None:
        faiss.write_index(stored.graph, str(folder / GRAPH))


def _read_rows(folder: Path, dim: int) -> StoredRows:
    """The parts, whose digests were checked before."""
    names = json.loads((folder / ROWS).read_text(encoding="utf-8"))
    graph = folder / GRAPH
    return StoredRows(
        dim=dim,
        keys=names["keys"],
        platforms=Labelled(names["platforms"], np.load(folder / "platforms.npy")),
        categories=Labelled(names["categories"], np.load(folder / "categories.npy")),
        live=np.load(folder / "live.npy"),
        vectors=np.load(folder / "vectors.npy"),
        graph=faiss.read_index(str(graph)) if graph.exists() else None,  # type: ignore[arg-type]  # digest proves it
    )


def _checked_manifest(folder: Path) -> dict[str, Any]:
    try:
        digest, body, *_ = (folder / MANIFEST).read_bytes().split(b"\n")
    except (FileNotFoundError, ValueError) as error:
        raise _corrupt(folder, f"{MANIFEST} is missing or cut") from error
    if hashlib.blake2b(body).hexdigest().encode() != digest:
        raise _corrupt(folder, f"{MANIFEST} does not match its digest")
    manifest: dict[str, Any] = json.loads(body)
    if manifest["format"] != FORMAT:
        raise SnapshotMismatch(f"{folder} has format {manifest['format']}, this version reads {FORMAT}: {REBUILD}")
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if present != set(manifest["digests"]):
        raise _corrupt(folder, f"files missing or added: {sorted(present ^ set(manifest['digests']))}")
    for name, expected in manifest["digests"].items():
        if _digest(folder / name) != expected:
            raise _corrupt(folder, f"{name} does not match its digest")
    return manifest


def _corrupt(folder: Path, fault: str) -> CorruptSnapshot:
    older = [path.name for path in _snapshots(folder.parent) if _number(path) < _number(folder)]
    instead = f"{older[-1]} is tried instead" if older else "the index is rebuilt from the topic instead"
    return CorruptSnapshot(f"{folder} is damaged ({fault}): delete it and look after the disk; {instead}")


def _snapshots(directory: Path) -> list[Path]:
    """Finished snapshots, oldest first."""
    found = [path for path in directory.glob(f"{PREFIX}*") if path.name.removeprefix(PREFIX).isdecimal()]
    return sorted(found, key=_number)


def _number(folder: Path) -> int:
    return int(folder.name.removeprefix(PREFIX))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _flush(path: Path) -> None:
    """Make a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
