"""What a snapshot of local state says of itself, written last: a folder without it is no snapshot."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from streams.errors import CorruptState, NewerFormat, UsageError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_MARKED: Final = b"braid-state-snapshot"


class Part(msgspec.Struct, frozen=True):
    """A folder of the state that is kept whole. as_of_s: until then it was in step with its topic, UTC seconds."""

    name: str
    as_of_s: float


class File(msgspec.Struct, frozen=True):
    """path: below the snapshot, with slashes. sha256: hex digits."""

    path: str
    n_bytes: int
    sha256: str


class Owner(msgspec.Struct, frozen=True):
    """Whose state it is. secret_mark: one-way of the pseudonym key. encoder: the model as it is configured."""

    prefix: str
    secret_mark: str
    encoder: str


class Manifest(msgspec.Struct, frozen=True):
    """The file `manifest.json`. made_at_s: UTC seconds."""

    made_at_s: float
    owner: Owner
    parts: list[Part]
    files: list[File]
    format: int = FORMAT

    @property
    def as_of_s(self) -> float:
        """The time that everything in it is at least as new as."""
        return min((part.as_of_s for part in self.parts), default=self.made_at_s)


class _Head(msgspec.Struct):
    format: int


def secret_mark(secret: bytes) -> str:
    """Tells one pseudonym key from another and neither from its mark: keyed BLAKE2b-128, 32 hex digits."""
    return hashlib.blake2b(_MARKED, key=secret, digest_size=16).hexdigest()


def digested(folder: Path) -> list[File]:
    """Every file below a folder, in the order of their paths."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return [File(path.relative_to(folder).as_posix(), path.stat().st_size, _sha256(path)) for path in found]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """All or nothing, and on the disk when this returns."""
    unfinished = folder / f".{MANIFEST}"
    with unfinished.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Raises UsageError where there is no snapshot, NewerFormat and CorruptState."""
    try:
        raw = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise UsageError(f"{folder}: no finished snapshot ({MANIFEST}: {error.strerror}); name another") from error
    try:
        n = msgspec.json.decode(raw, type=_Head).format
        if n > FORMAT:
            raise NewerFormat(f"{folder}: a snapshot of format {n}, this release reads {FORMAT}; use the newer release")
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise _damaged(folder, f"{MANIFEST} cannot be read ({error})") from error
    _check_paths(folder, manifest)
    return manifest


def verify(folder: Path, files: Iterable[File]) -> None:
    """Raises CorruptState for the first file that is missing or is not what the manifest says."""
    for file in files:
        path = folder / file.path
        if not path.is_file() or path.is_symlink():
            raise _damaged(folder, f"{file.path} is missing")
        if path.stat().st_size != file.n_bytes or _sha256(path) != file.sha256:
            raise _damaged(folder, f"{file.path} is not what was written")


def _check_paths(folder: Path, manifest: Manifest) -> None:
    """Whatever a manifest says, nothing outside the parts it names is touched."""
    names = [PurePosixPath(part.name) for part in manifest.parts]
    for each in [*names, *(PurePosixPath(file.path) for file in manifest.files)]:
        if each.is_absolute() or ".." in each.parts or not each.parts:
            raise _damaged(folder, f"{MANIFEST} names {each}")
    for file in manifest.files:
        if not any(PurePosixPath(file.path).is_relative_to(name) for name in names):
            raise _damaged(folder, f"{file.path} belongs to no part")


def _damaged(folder: Path, why: str) -> CorruptState:
    return CorruptState(
        f"snapshot {folder}: {why}; take another one. Without any, start with an empty folder: the state comes back "
        "from the topics"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
