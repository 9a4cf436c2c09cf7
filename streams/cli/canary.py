"""`braid canary`: whether an event gets through, from Kafka to an HTTP answer, asked again and again."""

from __future__ import annotations

import json as json_format
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.adapters.clock import SystemClock
from streams.brokers.connection import producer_config
from streams.brokers.contact import check_contact
from streams.cli.api_client import ApiClient
from streams.cli.canary_way import KafkaToHttp
from streams.cli.signals import asked_to_stop
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable, UsageError
from streams.settings import Settings
from streams.simulation.publisher import Publisher
from streams.telemetry.logs import start_logging
from streams.wiring import read_platforms

if TYPE_CHECKING:
    from streams.canary import Flight

#: What comes more often than that is no canary but a load.
LEAST_S: Final = 1.0


def canary(
    account: Annotated[
        str, typer.Option(help="Its account on the platform `canary`; each canary needs its own.")
    ] = "canary",
    every: Annotated[float, typer.Option(min=LEAST_S, help="Seconds between events.")] = 15.0,
    give_up: Annotated[float, typer.Option(min=LEAST_S, help="Seconds after which an event is lost.")] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="One event; status 1 when it is lost.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --once: one line {seconds, lost}.")] = False,
) -> None:
    """Send an event of its own every few seconds, look for it over HTTP, and export how long it took.

    The platform `canary` must be among BRAID_TOPICS__PLATFORMS of the workers, and its topic must exist (`braid topics
    apply`). serve is asked at BRAID_API__HOST and BRAID_API__PORT with BRAID_API__KEY. braid_canary_* are on
    BRAID_METRICS__PORT. It moves and erases nothing.

    Example: BRAID_METRICS__PORT=9101 braid canary --every 10
    """
    # Its metrics are declared by this import: no other command exports them.
    from streams.canary import PLATFORM, Canary, Habits  # noqa: PLC0415
    from streams.telemetry.metrics import start_process_metrics  # noqa: PLC0415
    from streams.telemetry.operator_port import OperatorPort  # noqa: PLC0415

    settings = Settings.load()
    start_logging(settings.log_level, settings.log_format)
    if PLATFORM not in read_platforms(settings):
        raise UsageError(
            f"BRAID_TOPICS__PLATFORMS: {PLATFORM!r} is not among them, so no worker reads its events; add it here and "
            "on the workers, then run `braid topics apply`"
        )
    check_contact(settings.kafka)
    stopping = asked_to_stop()
    publisher = Publisher(producer_config(settings.kafka), TopicNames(settings.topics.prefix))
    way = KafkaToHttp(publisher, ApiClient.of(settings.api), PLATFORM, account)
    way.check()
    bird = Canary(way, Habits(account, every, give_up), SystemClock(), stopping.wait)
    if once:
        _tell(bird.fly(), json=json)
        return
    start_process_metrics()
    port = OperatorPort(settings.metrics.host, settings.metrics.port, list)
    typer.echo(f"metrics http://{settings.metrics.host}:{port.port}/metrics")
    bird.run()


def _tell(flight: Flight, *, json: bool) -> None:
    """Raises Unavailable when the event was lost."""
    if json:
        typer.echo(json_format.dumps({"seconds": flight.took_s, "lost": flight.why}))
    elif flight.took_s is not None:
        typer.echo(f"{flight.took_s:.2f} s from Kafka to an HTTP answer")
    if flight.took_s is None:
        raise Unavailable(f"the canary's event was lost: {flight.why or 'asked to stop'}")
