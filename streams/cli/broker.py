"""`braid broker`: a broker in the foreground."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from streams.brokers.embedded import InProcessBroker, announcement
from streams.brokers.foreground import run_until_signalled
from streams.brokers.kafka import KafkaCluster
from streams.errors import UsageError


class BrokerKind(StrEnum):
    """What can be run."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"


def broker(
    kind: Annotated[
        BrokerKind,
        typer.Argument(help="embedded: in memory, starts at once; kafka: real Apache Kafka, needs Java 17 and Maven."),
    ],
    nodes: Annotated[int, typer.Option(help="Brokers in the cluster; 1 or 3 for kafka.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the first broker; 0 = any free one.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps kafka's data; without it they go when the broker stops.")
    ] = None,
) -> None:
    """Run a Kafka broker on this machine until Ctrl-C or SIGTERM.

    The first line on standard output is {"bootstrap_servers": "..."}, once clients are served.

    Example: braid broker kafka --port 9092 --data ./kafka-data
    """
    if kind is BrokerKind.EMBEDDED:
        if data is not None:
            raise UsageError(f"--data {data}: the embedded broker keeps everything in memory; use `braid broker kafka`")
        run_until_signalled(InProcessBroker(nodes, port), _announce)
        return
    cluster = KafkaCluster(nodes=nodes, data_dir=data, port=port)
    _note("Starting Apache Kafka; the first time ever, Maven fetches it (45 MB).")
    run_until_signalled(cluster, _announce)


def _announce(bootstrap_servers: str) -> None:
    typer.echo(announcement(bootstrap_servers))
    sys.stdout.flush()
    _note(f"Serving at {bootstrap_servers}. Ctrl-C stops it.")


def _note(text: str) -> None:
    typer.echo(text, err=True)
