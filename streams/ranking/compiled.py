"""Loops that numpy cannot express, compiled to machine code by numba and kept on disk between runs.

A request walks from a person's items to other people and on to their items: some hundred thousand steps that depend on
each other. In Python they take tenths of a second, compiled a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, ParamSpec, TypeVar, cast

import numba

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

CACHE: Final = Path.home() / ".cache" / "braid" / "compiled"


def _source_digest() -> str:
    """Of every module beside this one."""
    digest = sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _keep_on_disk() -> bool:
    """Whether machine code may be kept.

    Numba takes what it kept for good while the function's own file is unchanged, whatever happened to the constants and
    functions that it uses from other files: hence a folder for each state of the sources.
    """
    folder = CACHE / _source_digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined] # numba declares its options when imported
    return True


_KEPT: Final = _keep_on_disk()


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The function as machine code, made on the first call with arguments of these types.

    Strict IEEE arithmetic, so that the same state gives the same scores, and x / 0 is what IEEE says: a check at each
    division would keep the processor from doing several at once. Releases the interpreter lock.
    """
    return _machine_code(function)


def inlined(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """A part of `compiled` loops, written into each that calls it.

    For small parts that are called thousands of times a request: to hand over a state of twenty arrays costs more than
    what they do.
    """
    return _machine_code(function, inline="always")


def _machine_code(
    function: Callable[Parameters, Result], inline: Literal["never", "always"] = "never"
) -> Callable[Parameters, Result]:
    made = numba.njit(cache=_KEPT, nogil=True, fastmath=False, error_model="numpy", inline=inline)
    return cast("Callable[Parameters, Result]", made(function))
