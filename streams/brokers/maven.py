"""Apache Kafka from the Maven repository: a folder of jars, fetched once and kept, and the Java that runs them."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from streams.errors import Unavailable

KAFKA_VERSION: Final = "4.3.0"
SCALA_VERSION: Final = "2.13"
#: Kafka speaks SLF4J 1.7 and brings log4j-core; without the binding between the two the broker logs nothing.
SLF4J_BINDING: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
DEPENDENCY_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
MIN_JAVA: Final = 17
FETCH_TIMEOUT_S: Final = 540.0


def default_cache_dir() -> Path:
    """Where jars are kept unless a caller says otherwise."""
    return Path.home() / ".cache" / "braid"


def find_java() -> str:
    """Path of a Java that can run Kafka. Raises Unavailable when there is none or it is too old."""
    java = shutil.which("java")
    if java is None:
        raise Unavailable(f"java is not on the PATH: install a Java runtime {MIN_JAVA} or newer to run Apache Kafka")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = java_version(answer.stderr + answer.stdout)
    if version < MIN_JAVA:
        raise Unavailable(f"java on the PATH is version {version}: Apache Kafka needs {MIN_JAVA} or newer")
    return java


def java_version(banner: str) -> int:
    """Feature release out of what `java -version` prints; 0 when there is none in it.

    >>> java_version('openjdk version "17.0.15" 2025-04-15')
    17
    >>> java_version('java version "1.8.0_392"')
    8
    """
    found = re.search(r'version "(?:1\.)?(\d+)', banner)
    return int(found.group(1)) if found else 0


def kafka_jars(version: str = KAFKA_VERSION, cache_dir: Path | None = None) -> Path:
    """Folder of all jars that Kafka needs, fetched with Maven on first use.

    Any number of processes may ask at once: one fetches while the others wait, and the folder appears whole or not
    at all. Raises Unavailable when the jars are not there and Maven is missing or fails.
    """
    home = (cache_dir or default_cache_dir()) / f"kafka-{version}"
    jars = home / "jars"
    if jars.is_dir():
        return jars
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _only_one(home / "lock"):
            if not jars.is_dir():
                _fetch(version, home, jars)
    except OSError as error:
        raise Unavailable(f"cannot keep Kafka's jars in {home}: {error}; make that folder writable") from error
    return jars


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go by the kernel, also when the holder is killed
        yield


def _fetch(version: str, home: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable(
            f"mvn is not on the PATH: install Maven, or put the jars of Apache Kafka {version} into {jars}"
        )
    with tempfile.TemporaryDirectory(dir=home, prefix="fetch-") as folder:
        pom = Path(folder) / "pom.xml"
        pom.write_text(_pom([f"org.apache.kafka:kafka_{SCALA_VERSION}:{version}", SLF4J_BINDING]))
        fetched = Path(folder) / "jars"
        goal = f"{DEPENDENCY_PLUGIN}:copy-dependencies"
        command = [maven, "--quiet", "--batch-mode", "--file", str(pom), goal, f"-DoutputDirectory={fetched}"]
        try:
            answer = subprocess.run(  # noqa: S603 - the command is ours
                command, capture_output=True, text=True, check=False, timeout=FETCH_TIMEOUT_S
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                f"Maven took longer than {FETCH_TIMEOUT_S:.0f} s to fetch Apache Kafka {version}: check the network"
            ) from error
        if answer.returncode != 0 or not fetched.is_dir():
            raise Unavailable(
                f"Maven cannot fetch Apache Kafka {version}: {_first_error(answer.stdout + answer.stderr)}; "
                f"check the network and Maven's settings, or put the jars into {jars}"
            )
        fetched.rename(jars)


def _pom(coordinates: list[str]) -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in (coordinate.split(":") for coordinate in coordinates)
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>braid</groupId><artifactId>kafka</artifactId>"
        f"<version>1</version><dependencies>{dependencies}</dependencies></project>"
    )


def _first_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "ERROR" in line]
    return re.sub(r"\x1b\[[0-9;]*m|\[ERROR\]\s*", "", lines[0])[:300] if lines else "it gave no reason"
