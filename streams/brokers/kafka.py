"""A real Apache Kafka on this machine: one or three KRaft nodes on loopback ports, gone when this process is gone."""

from __future__ import annotations

import base64
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from streams.brokers.maven import KAFKA_VERSION, find_java, kafka_jars
from streams.brokers.node import JavaRuntime, Node
from streams.brokers.ports import free_ports, is_free
from streams.brokers.properties import NodeAddress, server_properties
from streams.brokers.readiness import wait_until_ready
from streams.errors import UsageError

NODE_COUNTS: Final = (1, 3)
START_TIMEOUT_S: Final = 90.0


@dataclass
class KafkaCluster:
    """A context manager around a cluster that clients may reset, crash and bring back.

    nodes: 1 or 3, each broker and controller. data_dir: kept when given, else a temporary folder that goes with
    `stop`. port: of the first node, the next nodes follow; 0 = any free ones. heap_mib: of each node.
    overrides: Kafka's own properties, for example `{"log.segment.bytes": "1048576"}`. format_options: of the tool that
    makes a new node's storage, for example `("--add-scram", "SCRAM-SHA-512=[name=...,password=...]")`.

    with KafkaCluster() as cluster:
        AdminClient({"bootstrap.servers": cluster.bootstrap_servers})
    """

    nodes: int = 1
    data_dir: Path | None = None
    port: int = 0
    overrides: Mapping[str, str] = field(default_factory=dict)
    version: str = KAFKA_VERSION
    cache_dir: Path | None = None
    heap_mib: int = 768
    format_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.nodes not in NODE_COUNTS:
            raise UsageError(f"--nodes {self.nodes}: a cluster has 1 node, or 3 so that it survives the loss of one")
        self._members: dict[int, Node] = {}
        self._temporary: Path | None = None

    @property
    def bootstrap_servers(self) -> str:
        """host:port of every node, comma-separated; empty before `start`."""
        return ",".join(node.address.for_clients for node in self._members.values())

    @property
    def node_ids(self) -> tuple[int, ...]:
        """Ids to use with `kill`, `stop_node`, `restart`, `pid` and `log_file`: 1 up to the number of nodes."""
        return tuple(self._members)

    @property
    def is_alive(self) -> bool:
        """Whether every node's process runs."""
        return bool(self._members) and all(node.is_alive for node in self._members.values())

    def start(self) -> Self:
        """Start and wait until clients are served, transactions included.

        Raises Unavailable when the machine lacks Java, Maven or the jars, or a node ends; UsageError for a port
        that is taken or a folder that holds a cluster of another size.
        """
        if self._members:
            raise ValueError("this cluster was started before: stop it first")
        runtime = JavaRuntime(find_java(), kafka_jars(self.version, self.cache_dir), self.heap_mib)
        home = self._home()
        addresses = self._addresses()
        self._members = {
            address.node_id: Node(address, home / f"node-{address.node_id}", runtime, self._temporary)
            for address in addresses
        }
        try:
            for node in self._members.values():
                node.configure(server_properties(node.address, addresses, node.data_dir, self.overrides))
            self._format(home)
            for node in self._members.values():
                node.start()
            self._wait()
        except BaseException:
            self._kill_all()
            self._forget()
            raise
        return self

    def stop(self) -> None:
        """End every node and forget a temporary folder. Does nothing when nothing runs."""
        if self._temporary is None and len(self._members) == 1:
            for node in self._members.values():
                node.stop()
        # A quorum cannot be left in good order by all of its members, and logs survive a kill: they are recovered
        # at the next start. What is about to be deleted needs no order either.
        self._kill_all()
        self._forget()

    def wipe(self) -> None:
        """Stop, and delete all data of this cluster; the next `start` begins empty."""
        home, node_ids = self.data_dir, self.node_ids
        self.stop()
        if home is not None:
            for node_id in node_ids:
                shutil.rmtree(home / f"node-{node_id}", ignore_errors=True)

    def kill(self, node_id: int) -> None:
        """End one node as a crash would, by SIGKILL."""
        self._members[node_id].kill()

    def stop_node(self, node_id: int) -> None:
        """SIGTERM to one node: it hands its partitions over before it goes."""
        self._members[node_id].stop()

    def restart(self, node_id: int) -> None:
        """Start one node again, ending it first if it runs, with its data and port; returns when it serves."""
        node = self._members[node_id]
        node.stop()
        node.start()
        self._wait()

    def pid(self, node_id: int) -> int:
        """Process id of a running node, for SIGSTOP and its like. Raises ValueError when it does not run."""
        return self._members[node_id].pid

    def log_file(self, node_id: int) -> Path:
        """What the node logs to."""
        return self._members[node_id].log_file

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _home(self) -> Path:
        if self.data_dir is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="braid-kafka-"))
            return self._temporary
        home = self.data_dir.resolve()
        found = sorted(home.glob("node-*/data/meta.properties"))
        if found and len(found) != self.nodes:
            raise UsageError(
                f"--data {home} holds a cluster of {len(found)} nodes, --nodes is {self.nodes}: use the same number "
                "or another folder"
            )
        return home

    def _addresses(self) -> list[NodeAddress]:
        chosen = [self.port + i for i in range(self.nodes)] if self.port else []
        taken = [port for port in chosen if not is_free(port)]
        if taken:
            raise UsageError(f"--port: {taken[0]} is in use on this machine; choose another, or 0 for any free one")
        ports = [port for port in free_ports(3 * self.nodes) if port not in chosen]
        clients = chosen or ports[self.nodes : 2 * self.nodes]
        return [NodeAddress(i + 1, clients[i], ports[i]) for i in range(self.nodes)]

    def _format(self, home: Path) -> None:
        new = [node for node in self._members.values() if not node.is_formatted]
        running = [(node, node.begin_format(_cluster_id(home), self.format_options)) for node in new]
        for node, process in running:
            node.finish_format(process)

    def _wait(self) -> None:
        wait_until_ready([node for node in self._members.values() if node.is_alive], START_TIMEOUT_S)

    def _kill_all(self) -> None:
        for node in self._members.values():
            node.kill()

    def _forget(self) -> None:
        self._members = {}
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None


def _cluster_id(home: Path) -> str:
    """22 characters as Kafka writes a UUID; all nodes of a folder get the same."""
    raw = bytearray(uuid.uuid5(uuid.NAMESPACE_URL, home.as_uri()).bytes)
    raw[0] &= 0x3F  # keeps the first character from being a dash, which would read as an option
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
