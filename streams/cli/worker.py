"""`braid worker`: the stages."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.errors import UsageError
from streams.settings import Settings
from streams.telemetry.logs import start_logging


def worker(
    only: Annotated[
        str,
        typer.Option(
            help="Stages to run, comma-separated: normalise, identity, catalogue, profile, letters. Default: all."
        ),
    ] = "",
) -> None:
    """Run the stages until SIGTERM: events in, item vectors and profiles out.

    /metrics, /healthz and /readyz answer on BRAID_METRICS__PORT. Topics must exist (`braid topics apply`).

    Example: braid worker --only profile
    """
    from streams.app import STAGES, run_worker  # noqa: PLC0415 - loads torch and Faust

    stages = tuple(name.strip() for name in only.split(",") if name.strip()) or STAGES
    unknown = [name for name in stages if name not in STAGES]
    if unknown:
        raise UsageError(f"--only {only}: no stage {unknown[0]!r}; use {', '.join(STAGES)}")
    settings = Settings.load()
    start_logging(settings.log_level, settings.log_format)
    run_worker(settings, stages)
