"""What a Kafka node of a small cluster on one machine is told: server.properties and the logging next to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.brokers.limits import DEAD_LETTER_MAX_BYTES
from streams.brokers.ports import HOST


@dataclass(frozen=True)
class NodeAddress:
    """Where one node listens: clients on `port`, the other controllers on `controller_port`."""

    node_id: int
    port: int
    controller_port: int

    @property
    def for_clients(self) -> str:
        """host:port for `bootstrap.servers`."""
        return f"{HOST}:{self.port}"


def server_properties(
    node: NodeAddress, cluster: Sequence[NodeAddress], log_dir: Path, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Properties of one node that is broker and controller at once; `overrides` win.

    The voters are named here and not stored in the log, so that a cluster may come back on other ports.
    """
    voters = ",".join(f"{peer.node_id}@{HOST}:{peer.controller_port}" for peer in cluster)
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.node_id),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{node.port}",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(log_dir),
        # A broker that crashed may not come back before its session is over; with others to take its partitions a
        # session must also outlast their pauses.
        "broker.session.timeout.ms": "6000" if len(cluster) > 1 else "2000",
        "broker.heartbeat.interval.ms": "500",
        **_replicated(len(cluster)),
        **_small_and_prompt(),
        **overrides,
    }


def _replicated(n_nodes: int) -> dict[str, str]:
    replication, min_in_sync = (3, 2) if n_nodes >= 3 else (1, 1)
    return {
        "default.replication.factor": str(replication),
        "min.insync.replicas": str(min_in_sync),
        "offsets.topic.replication.factor": str(replication),
        "transaction.state.log.replication.factor": str(replication),
        "transaction.state.log.min.isr": str(min_in_sync),
        "share.coordinator.state.topic.replication.factor": str(replication),
        "share.coordinator.state.topic.min.isr": str(min_in_sync),
    }


def _small_and_prompt() -> dict[str, str]:
    return {
        # A misspelt topic must fail, not come into being with the wrong number of partitions.
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        # Every kill -9 waits for a session timeout; the broker's own lower bound is 6 s.
        "group.min.session.timeout.ms": "1000",
        # 50 each by default: files and start time for a load that this cluster will not see.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "log.cleaner.dedupe.buffer.size": str(32 << 20),
        "message.max.bytes": str(DEAD_LETTER_MAX_BYTES),
    }


def render(properties: Mapping[str, str]) -> str:
    r"""The text of a .properties file.

    >>> render({"log.dirs": "C:\\kafka"})
    'log.dirs=C:\\\\kafka\n'
    """
    lines = (f"{name}={value}".replace("\\", "\\\\").replace("\n", "\\n") for name, value in properties.items())
    return "".join(f"{line}\n" for line in lines)


def logging_configuration(log_file: Path) -> str:
    """log4j2 configuration: everything from INFO into one file, at most 3 times 10 MB of it."""
    return f"""<Configuration status="ERROR" shutdownHook="disable">
  <Appenders>
    <RollingFile name="file" fileName="{log_file}" filePattern="{log_file}.%i">
      <PatternLayout pattern="%d %p %m (%c{{1}})%n"/>
      <Policies><SizeBasedTriggeringPolicy size="10MB"/></Policies>
      <DefaultRolloverStrategy max="2"/>
    </RollingFile>
  </Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="file"/></Root></Loggers>
</Configuration>
"""
