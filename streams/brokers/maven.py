"""Apache Kafka out of the Maven repository, and the Java that runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from streams.errors import Unavailable
from streams.maven import Wanted, default_cache_dir, fetched

KAFKA_VERSION: Final = "4.3.0"
SCALA_VERSION: Final = "2.13"
#: Kafka speaks SLF4J 1.7 and brings log4j-core; without the binding between the two the broker logs nothing.
SLF4J_BINDING: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
MIN_JAVA: Final = 17


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
    """Folder of all jars that Kafka needs, fetched with Maven on first use. Raises Unavailable as `fetched` does."""
    wanted = Wanted(
        f"Apache Kafka {version}", [f"org.apache.kafka:kafka_{SCALA_VERSION}:{version}", SLF4J_BINDING]
    )
    return fetched(wanted, (cache_dir or default_cache_dir()) / f"kafka-{version}")
