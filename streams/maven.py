"""Jars from the Maven repository, fetched once and kept. Which repository, Maven's own settings say."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streams.errors import Unavailable

DEPENDENCY_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
FETCH_TIMEOUT_S: Final = 540.0


@dataclass(frozen=True)
class Wanted:
    """what: for messages. coordinates: `group:name:version`. has_needs: whether what they depend on comes along."""

    what: str
    coordinates: Sequence[str]
    has_needs: bool = True


def default_cache_dir() -> Path:
    """Where jars are kept unless a caller says otherwise."""
    return Path.home() / ".cache" / "braid"


def fetched(wanted: Wanted, home: Path) -> Path:
    """Folder `home/jars` of what is wanted, fetched with Maven on first use.

    Any number of processes may ask at once: one fetches while the others wait, and the folder appears whole or not
    at all. Raises Unavailable when the jars are not there and Maven is missing or fails.
    """
    jars = home / "jars"
    if jars.is_dir():
        return jars
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _only_one(home / "lock"):
            if not jars.is_dir():
                _fetch(wanted, home, jars)
    except OSError as error:
        raise Unavailable(
            f"cannot keep the jars of {wanted.what} in {home}: {error}; make that folder writable"
        ) from error
    return jars


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go by the kernel, also when the holder is killed
        yield


def _fetch(wanted: Wanted, home: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable(f"mvn is not on the PATH: install Maven, or put the jars of {wanted.what} into {jars}")
    with tempfile.TemporaryDirectory(dir=home, prefix="fetch-") as folder:
        pom = Path(folder) / "pom.xml"
        pom.write_text(_pom(wanted.coordinates))
        found = Path(folder) / "jars"
        command = [maven, "--quiet", "--batch-mode", "--file", str(pom), f"{DEPENDENCY_PLUGIN}:copy-dependencies"]
        command += [f"-DoutputDirectory={found}", *([] if wanted.has_needs else ["-DexcludeTransitive=true"])]
        try:
            answer = subprocess.run(  # noqa: S603 - the command is ours
                command, capture_output=True, text=True, check=False, timeout=FETCH_TIMEOUT_S
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                f"Maven took longer than {FETCH_TIMEOUT_S:.0f} s to fetch {wanted.what}: check the network"
            ) from error
        if answer.returncode != 0 or not found.is_dir():
            raise Unavailable(
                f"Maven cannot fetch {wanted.what}: {_first_error(answer.stdout + answer.stderr)}; "
                f"check the network and Maven's settings, or put the jars into {jars}"
            )
        found.rename(jars)


def _pom(coordinates: Sequence[str]) -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in (coordinate.split(":") for coordinate in coordinates)
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>braid</groupId><artifactId>fetched</artifactId>"
        f"<version>1</version><dependencies>{dependencies}</dependencies></project>"
    )


def _first_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "ERROR" in line]
    return re.sub(r"\x1b\[[0-9;]*m|\[ERROR\]\s*", "", lines[0])[:300] if lines else "it gave no reason"
