"""Ranking models in folders, `model-<hash of the content>/`: written whole, never changed; `current` names one of them.

    model.json      {format, encoder, adapter, content_weight, created_from}
    reranker.npz    the networks that are averaged
    adapter.npz     only where there is one
    metrics.json    what was measured; nothing reads it but people

A folder is made under another name and renamed, and `current` is a link that is replaced in one step, so a reader sees
a whole model or the one before.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np

from streams.errors import UsageError
from streams.ranking import reranker_files
from streams.ranking.adapter import Adapter
from streams.ranking.reranker import Reranker

FORMAT: Final = 1
NAME_DIGITS: Final = 12
PREFIX: Final = "model-"
CURRENT: Final = "current"
DESCRIPTION: Final = "model.json"
RERANKER: Final = reranker_files.PACKAGED
ADAPTER: Final = "adapter.npz"
METRICS: Final = "metrics.json"
#: Beside the packaged networks, which were taught without vectors; docs/ranking.md says how it was chosen.
PACKAGED_CONTENT_WEIGHT: Final = 1.0


@dataclass(frozen=True)
class RankingModel:
    """What ranks. label: the folder's name, `packaged` for what comes with the package.

    content_weight: what a content score of 1 counts beside the re-rankers' mean score, above 0.
    """

    rerankers: tuple[Reranker, ...]
    adapter: Adapter | None
    content_weight: float
    label: str


@dataclass(frozen=True)
class Described:
    """The words of `model.json`. encoder: whose vectors the content weight was chosen with, None for none.

    adapter: its label, or None. created_from: the data and how far they went.
    """

    encoder: str | None
    adapter: str | None
    content_weight: float
    created_from: Mapping[str, Any]


@dataclass(frozen=True)
class Listed:
    """A model of a folder of models. metrics: as they were written, {} where they cannot be read."""

    name: str
    is_current: bool
    described: Described
    metrics: Mapping[str, Any]


def write_model(
    out: Path, model: RankingModel, encoder: str | None, created_from: Mapping[str, Any], metrics: Mapping[str, Any]
) -> Path:
    """The model's folder under `out`, named by its content: equal models give one folder. model.label is not used."""
    adapter = model.adapter
    description = {
        "format": FORMAT,
        "encoder": encoder,
        "adapter": None if adapter is None else adapter.label,
        "content_weight": model.content_weight,
        "created_from": dict(created_from),
    }
    contents = {DESCRIPTION: _json(description), RERANKER: reranker_files.to_bytes(model.rerankers)}
    if adapter is not None:
        contents[ADAPTER] = _packed(adapter)
    digest = sha256(b"".join(name.encode() + sha256(content).digest() for name, content in contents.items()))
    folder = out / f"{PREFIX}{digest.hexdigest()[:NAME_DIGITS]}"
    contents[METRICS] = _json(metrics)
    unfinished = out / f".{folder.name}-{os.getpid()}"
    unfinished.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (unfinished / name).write_bytes(content)
    if folder.exists():
        rmtree(unfinished)
    else:
        unfinished.rename(folder)
    return folder


def load_model(folder: Path, encoder: str) -> RankingModel:
    """The model in a folder, or that a link to one names. encoder: label `<name>@<version>` of the encoder that runs.

    Raises UsageError for a folder that `braid train` did not write, and for an adapter of another encoder.
    """
    folder = folder.resolve()
    described = description_of(folder)
    adapter = None if described.adapter is None else _adapter(folder / ADAPTER)
    if adapter is not None and (adapter.label != described.adapter or adapter.base != described.encoder):
        raise UsageError(f"{folder}: {ADAPTER} is not the one that {DESCRIPTION} names; train it again: braid train")
    if adapter is not None and adapter.base != encoder:
        raise UsageError(
            f"{folder}: its adapter was learnt on the encoder {adapter.base}, this is {encoder}; set "
            "BRAID_ENCODER__MODEL to that one, or train again with this one: braid train"
        )
    return RankingModel(reranker_files.load(folder / RERANKER), adapter, described.content_weight, folder.name)


@cache
def packaged() -> RankingModel:
    """What comes with the package: no adapter."""
    return RankingModel(reranker_files.packaged(), None, PACKAGED_CONTENT_WEIGHT, "packaged")


def description_of(folder: Path) -> Described:
    """What a model says of itself. Raises UsageError."""
    file = folder / DESCRIPTION
    try:
        said = json.loads(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); name a folder that braid train wrote") from error
    except ValueError as error:
        raise UsageError(f"{file}: no JSON; train it again: braid train") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        found = said.get("format") if isinstance(said, dict) else said
        raise UsageError(f"{file}: format {found!r}, this release reads {FORMAT}; train it again: braid train")
    weight = said.get("content_weight")
    if not isinstance(weight, int | float) or not 0.0 < weight < float("inf"):
        raise UsageError(f"{file}: content_weight = {weight!r}: use a number above 0")
    return Described(said.get("encoder"), said.get("adapter"), float(weight), said.get("created_from") or {})


def models_in(directory: Path) -> list[Listed]:
    """The models of a folder, by name. Raises UsageError where there is no such folder."""
    if not directory.is_dir():
        raise UsageError(f"{directory}: no such folder; give the one that braid train --out wrote to")
    current = current_of(directory)
    return [
        Listed(folder.name, folder.name == current, description_of(folder), _metrics(folder))
        for folder in sorted(directory.glob(f"{PREFIX}*"))
        if folder.is_dir()
    ]


def current_of(directory: Path) -> str | None:
    """The name of the model in use, None when none is."""
    link = directory / CURRENT
    return str(link.readlink()) if link.is_symlink() else None


def use(directory: Path, name: str) -> None:
    """Let `current` be this model, in one step. Raises UsageError for what is no model of the folder."""
    if Path(name).name != name or not name.startswith(PREFIX):
        raise UsageError(f"{name}: no name of a model; braid models list {directory} shows them")
    description_of(directory / name)
    link, fresh = directory / CURRENT, directory / f".{CURRENT}-{os.getpid()}"
    if link.exists() and not link.is_symlink():
        raise UsageError(f"{link}: is no link, so nothing was changed; move it away")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(name, target_is_directory=True)
    fresh.replace(link)


def _adapter(file: Path) -> Adapter:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return Adapter.from_arrays({key: arrays[key] for key in arrays.files})
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise UsageError(f"{file}: cannot be read as an adapter ({error}); train it again: braid train") from error


def _packed(adapter: Adapter) -> bytes:
    written = io.BytesIO()
    np.savez(written, **adapter.to_arrays())  # type: ignore[arg-type] # numpy's stub takes the arrays for its own options
    return written.getvalue()


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _metrics(folder: Path) -> Mapping[str, Any]:
    try:
        said = json.loads((folder / METRICS).read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
