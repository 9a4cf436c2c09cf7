"""librdkafka's own in-process cluster as a broker: the real protocol on loopback, in memory, nothing to install.

For demos and quick tests. It keeps 5 MiB or 100,000 records a partition, gives every topic 4 partitions on first use,
knows no topic settings and no compaction, and accepts transactions without fencing anybody: no claim about fencing
can be tested on it. `python -m streams.brokers.embedded` runs one until SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Producer

import streams
from streams.brokers.foreground import run_until_signalled
from streams.brokers.forwarder import Forwarder
from streams.brokers.leashed import LeashedProcess
from streams.errors import UsageError

START_TIMEOUT_S: Final = 20.0
STOP_TIMEOUT_S: Final = 5.0
#: librdkafka makes no more than this many in one mock cluster without trouble, and nobody has asked for more.
MAX_NODES: Final = 9


@dataclass
class InProcessBroker:
    """The embedded broker on threads of this process (C threads: they do not hold Python's lock).

    nodes: brokers in the cluster. port: where clients find it; 0 = any free one. The brokers choose their own ports,
    so a port asked for is a forwarder that clients use for their first question and leave again.
    """

    nodes: int = 1
    port: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.nodes <= MAX_NODES:
            raise UsageError(f"--nodes {self.nodes}: the embedded broker has 1 to {MAX_NODES} nodes")
        self._owner: Producer | None = None
        self._forwarder: Forwarder | None = None
        self.bootstrap_servers = ""

    @property
    def is_alive(self) -> bool:
        """Whether it was started and not stopped; it cannot end by itself."""
        return self._owner is not None

    def start(self) -> Self:
        """Returns when clients are served. Raises UsageError when the port is taken."""
        # The cluster lives as long as this client, which never produces.
        self._owner = Producer({"bootstrap.servers": "embedded", "test.mock.num.brokers": self.nodes, "log_level": 3})
        brokers = self._owner.list_topics(timeout=START_TIMEOUT_S).brokers.values()
        if self.port:
            first = next(iter(brokers))
            self._forwarder = Forwarder(self.port, (first.host, first.port))
            self.bootstrap_servers = self._forwarder.address
        else:
            self.bootstrap_servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        return self

    def stop(self) -> None:
        """Everything it held is gone."""
        if self._forwarder is not None:
            self._forwarder.close()
        self._forwarder = None
        self._owner = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@dataclass
class EmbeddedBroker:
    """The embedded broker in a process of its own, which ends with this one. Parameters as `InProcessBroker`."""

    nodes: int = 1
    port: int = 0

    def __post_init__(self) -> None:
        self._process: LeashedProcess | None = None
        self.bootstrap_servers = ""

    @property
    def pid(self) -> int:
        """Process id while it runs. Raises ValueError before and after."""
        if self._process is None or not self._process.is_alive:
            raise ValueError("the embedded broker does not run")
        return self._process.pid

    def start(self) -> Self:
        """Returns when clients are served. Raises Unavailable when the process ends first."""
        module = [sys.executable, "-m", "streams.brokers.embedded"]
        self._process = LeashedProcess(
            [*module, "--nodes", str(self.nodes), "--port", str(self.port)],
            cwd=Path(streams.__file__).parents[1],  # where the package is found, installed or not
        )
        self.bootstrap_servers = json.loads(self._process.read_line(START_TIMEOUT_S))["bootstrap_servers"]
        return self

    def stop(self) -> None:
        """End the process; everything it held is gone."""
        if self._process is not None:
            self._process.stop(STOP_TIMEOUT_S)
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def announcement(bootstrap_servers: str) -> str:
    """The first line on standard output of a broker that serves.

    >>> announcement("127.0.0.1:9092")
    '{"bootstrap_servers": "127.0.0.1:9092"}'
    """
    return json.dumps({"bootstrap_servers": bootstrap_servers})


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of `python -m streams.brokers.embedded`."""
    parser = argparse.ArgumentParser(prog="python -m streams.brokers.embedded", description="An in-memory Kafka.")
    parser.add_argument("--nodes", type=int, default=1, help="brokers in the cluster")
    parser.add_argument("--port", type=int, default=0, help="where clients find it; 0 = any free port")
    options = parser.parse_args(arguments)
    try:
        broker = InProcessBroker(options.nodes, options.port)
        run_until_signalled(broker, lambda servers: print(announcement(servers), flush=True))  # noqa: T201
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
