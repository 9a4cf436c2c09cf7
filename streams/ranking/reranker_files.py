"""Re-rankers in files: one `.npz` holds the networks that are averaged. The package brings one that works untrained."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from streams.errors import UsageError
from streams.ranking.features import FEATURES
from streams.ranking.reranker import Reranker

PACKAGED = "reranker.npz"


def to_bytes(rerankers: Sequence[Reranker]) -> bytes:
    """The file's content; equal for equal networks."""
    arrays = {
        f"{at}.{name}": array for at, reranker in enumerate(rerankers) for name, array in reranker.to_arrays().items()
    }
    written = io.BytesIO()
    np.savez(written, **arrays)  # type: ignore[arg-type] # numpy's stub takes the arrays for its own options
    return written.getvalue()


def from_bytes(content: bytes, name: str) -> tuple[Reranker, ...]:
    """Raises UsageError for anything that `to_bytes` did not write, and for other features than ours."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise UsageError(f"{name}: not a re-ranker ({error}); train one: braid train") from error
    n = 1 + max((int(key.partition(".")[0]) for key in found), default=-1)
    return tuple(
        Reranker.from_arrays(
            {key.partition(".")[2]: array for key, array in found.items() if key.startswith(f"{at}.")}, FEATURES
        )
        for at in range(n)
    )


def load(file: Path) -> tuple[Reranker, ...]:
    """Raises UsageError when the file cannot be read."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); name a file that braid train wrote") from error
    return from_bytes(content, str(file))


@cache
def packaged() -> tuple[Reranker, ...]:
    """What comes with the package: learnt from public product reviews, see docs/ranking.md."""
    return from_bytes(files("streams.ranking").joinpath(PACKAGED).read_bytes(), PACKAGED)
