"""`braid ingest`: events over HTTP, for platforms that do not speak Kafka."""

from __future__ import annotations

import typer

from streams.cli.signals import asked_to_stop
from streams.settings import Settings
from streams.telemetry.logs import start_logging


def ingest() -> None:
    """Take events over HTTP and publish them to events.<platform>, until SIGTERM.

    Listens on BRAID_INGEST_API__HOST and BRAID_INGEST_API__PORT; any address but loopback needs BRAID_INGEST_API__KEYS.
    A request is answered once the brokers have confirmed its events. Topics must exist (`braid topics apply`).

    Example: BRAID_INGEST_API__PORT=8001 braid ingest
    """
    from streams.ingest_app import Ingest  # noqa: PLC0415 - loads what no other command needs
    from streams.telemetry.metrics import start_process_metrics  # noqa: PLC0415

    settings = Settings.load()
    start_logging(settings.log_level, settings.log_format)
    stopping = asked_to_stop()
    ingesting = Ingest(settings)
    start_process_metrics()
    ingesting.start()
    typer.echo(f"events   {ingesting.url}/v1/events")
    typer.echo(f"metrics  {ingesting.operator_url}/metrics")
    was_asked = ingesting.wait(stopping)
    ingesting.stop()
    if not was_asked:
        raise typer.Exit(1)
