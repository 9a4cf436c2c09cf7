"""When a cluster serves: all nodes are in its metadata, and the transaction coordinator hands out producer ids."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from streams.brokers.connection import ClientConfig
from streams.brokers.node import Node
from streams.brokers.ports import HOST
from streams.errors import Unavailable

POLL_S: Final = 0.05
REQUEST_TIMEOUT_S: Final = 2.0
COORDINATOR_TIMEOUT_S: Final = 15.0


class _Deadline:
    def __init__(self, nodes: Sequence[Node], timeout_s: float) -> None:
        self._nodes = nodes
        self._timeout_s = timeout_s
        self._ends_at_s = time.monotonic() + timeout_s

    def check(self, waited_for: str) -> None:
        """Raises Unavailable when a node has ended or the time is over."""
        for node in self._nodes:
            if not node.is_alive:
                raise Unavailable(f"Kafka node {node.address.node_id} ended: {node.last_words()}; see {node.log_file}")
        if time.monotonic() > self._ends_at_s:
            logs = ", ".join(str(node.log_file) for node in self._nodes)
            raise Unavailable(f"Kafka was not ready within {self._timeout_s:.0f} s ({waited_for}); see {logs}")


def wait_until_ready(nodes: Sequence[Node], timeout_s: float) -> None:
    """Block until the running nodes serve clients. Raises Unavailable when one ends first or time is over."""
    deadline = _Deadline(nodes, timeout_s)
    for node in nodes:
        while not _accepts(node.address.port):
            deadline.check(f"node {node.address.node_id} accepts no connections")
            time.sleep(POLL_S)
    servers = ",".join(node.address.for_clients for node in nodes)
    config: ClientConfig = {"bootstrap.servers": servers, "log_level": 0, "reconnect.backoff.max.ms": 500}
    _wait_for_brokers(AdminClient(config), {node.address.node_id for node in nodes}, deadline)
    _wait_for_transactions(config, deadline)


def _accepts(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        return probe.connect_ex((HOST, port)) == 0


def _wait_for_brokers(admin: AdminClient, node_ids: set[int], deadline: _Deadline) -> None:
    while True:
        try:
            known = set(admin.list_topics(timeout=REQUEST_TIMEOUT_S).brokers)
        except KafkaException:
            known = set()
        if known >= node_ids:
            return
        deadline.check("the metadata lacks nodes")
        time.sleep(POLL_S)


def _wait_for_transactions(config: ClientConfig, deadline: _Deadline) -> None:
    while True:
        # A new producer each time: init_transactions of one that failed cannot be called again for every error.
        producer = Producer(config | {"transactional.id": "braid-readiness"})
        try:
            producer.init_transactions(COORDINATOR_TIMEOUT_S)
        except KafkaException:
            deadline.check("the transaction coordinator does not answer")
            time.sleep(POLL_S)
        else:
            return
