"""The machine: Python, packages, and the disk under the state."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from streams.checks.findings import Finding

DISTRIBUTION: Final = "braid-profiles"
PYTHON: Final = (3, 11)
_MIB: Final = 1 << 20


def python(version: tuple[int, int] = sys.version_info[:2]) -> Iterator[Finding]:
    """version: (major, minor)."""
    said, wanted = ".".join(map(str, version)), ".".join(map(str, PYTHON))
    if version < PYTHON:
        yield Finding("python", "fail", f"{said}, {wanted} is needed", f"make the environment with Python {wanted}")
    else:
        yield Finding("python", "ok", said)


def packages(distribution: str = DISTRIBUTION) -> Iterator[Finding]:
    """What the distribution asks for against what is installed; of extras only which are whole."""
    try:
        requirements = [Requirement(line) for line in importlib.metadata.requires(distribution) or ()]
        extras = importlib.metadata.metadata(distribution).get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "warn", f"{distribution} is not installed here", "install it, or run `make setup`")
        return
    faults = [fault for each in requirements if _is_for(each, "") and (fault := _fault(each))]
    if faults:
        remedy = "pip install --constraint constraints.txt braid-profiles, in an environment of its own"
        yield Finding("packages", "fail", "; ".join(faults), remedy)
    else:
        yield Finding("packages", "ok", f"{sum(_is_for(each, '') for each in requirements)} as declared")
    whole = [extra for extra in extras if not any(_fault(each) for each in requirements if _is_for(each, extra))]
    others = ", ".join(sorted(set(extras) - set(whole))) or "none"
    yield Finding("extras", "ok", f"installed: {', '.join(whole) or 'none'}; others: {others}")


def disk(state_dir: Path, cache_bytes: int, buffer_bytes: int) -> Iterator[Finding]:
    """cache_bytes: what the embedding cache may take. buffer_bytes: of a full state, what is in memory before files.

    The folder is not created; what it will be created in is looked at.
    """
    there = next(folder for folder in (state_dir.absolute(), *state_dir.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        said = f"BRAID_STATE_DIR={state_dir}: nothing can be written to {there} ({error.strerror})"
        yield Finding("state folder", "fail", said, "choose a folder you own, on a disk that is not read-only")
        return
    yield Finding("state folder", "ok", f"{state_dir}{'' if there == state_dir.absolute() else ' will be created'}")
    taken, cached = _n_bytes(state_dir), _n_bytes(state_dir / "embeddings")
    free, growth = shutil.disk_usage(there).free, max(0, cache_bytes - cached)
    said = f"{free // _MIB:,} MiB free, {taken // _MIB:,} MiB taken, the cache may take {growth // _MIB:,} MiB more"
    if free < buffer_bytes:
        remedy = f"free space: what is in memory alone may need {buffer_bytes // _MIB:,} MiB"
        yield Finding("disk", "fail", said, remedy)
    elif free < growth + taken:  # rewriting files needs room for both until the old ones go
        yield Finding("disk", "warn", said, "free space, or set BRAID_ENCODER__CACHE_BYTES lower")
    else:
        yield Finding("disk", "ok", said)


def _is_for(requirement: Requirement, extra: str) -> bool:
    """Whether it is asked for by the distribution itself (""), or by an extra and not without it."""
    if requirement.marker is None:
        return not extra
    without = requirement.marker.evaluate({"extra": ""})
    return without if not extra else not without and requirement.marker.evaluate({"extra": extra})


def _fault(requirement: Requirement) -> str:
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    if requirement.specifier.contains(found, prereleases=True):
        return ""
    return f"{requirement.name} {found} is not {requirement.specifier}"


def _n_bytes(folder: Path) -> int:
    sizes = 0
    for path in folder.rglob("*"):
        try:
            sizes += path.stat().st_size if path.is_file() else 0
        except OSError:  # a process that runs here removes files meanwhile
            continue
    return sizes
