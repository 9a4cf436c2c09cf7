"""`braid mirror`: the profiles as JSON, for readers that know no MessagePack."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.cli.signals import asked_to_stop
from streams.domain.topic_names import PROFILES_JSON
from streams.settings import Settings
from streams.telemetry.logs import start_logging


def mirror(
    to: Annotated[
        str, typer.Option(help="Topic to write, without prefix; made where it is missing.")
    ] = PROFILES_JSON,
    vectors: Annotated[bool, typer.Option(help="Vectors as lists of numbers; without it they are left out.")] = False,
    until_end: Annotated[bool, typer.Option("--until-end", help="Copy what is there, then stop.")] = False,
) -> None:
    """Copy `profiles` to a topic of JSON values, keys and deletions as they are, until SIGTERM.

    At least once, in order for each key; more of them share the partitions. A restart goes on where the group stands.
    /metrics, /healthz and /readyz answer on BRAID_METRICS__PORT.

    Example: BRAID_METRICS__PORT=9101 braid mirror --to profiles-json
    """
    from streams.mirror_app import run_mirror  # noqa: PLC0415 - `braid --help` needs no Kafka client

    settings = Settings.load()
    start_logging(settings.log_level, settings.log_format)
    stopping = asked_to_stop()
    done = run_mirror(settings, to, stopping, with_vectors=vectors, until_end=until_end)
    left_out = f"{done.n_unreadable} left out"
    typer.echo(f"{done.n_profiles} profiles, {done.n_deletions} deletions copied, {left_out}", err=True)
