"""`braid serve`: the index, the local views, the HTTP API and the console."""

from __future__ import annotations

import typer

from streams.cli.signals import asked_to_stop
from streams.settings import Settings
from streams.telemetry.logs import start_logging


def serve() -> None:
    """Answer profiles, recommendations and searches over HTTP, and show the console at /, until SIGTERM.

    Needs BRAID_PSEUDONYM__KEY, the same as the workers'. Listens on BRAID_API__HOST and BRAID_API__PORT; any address
    but loopback needs BRAID_API__KEYS. What it keeps below BRAID_STATE_DIR/serve can always be rebuilt from the topics.

    Example: BRAID_API__PORT=8080 braid serve
    """
    from streams.serve_app import Serve  # noqa: PLC0415 - loads the encoder's and the index's libraries
    from streams.telemetry.disk_metrics import watch_disk  # noqa: PLC0415
    from streams.telemetry.metrics import start_process_metrics  # noqa: PLC0415

    settings = Settings.load()
    start_logging(settings.log_level, settings.log_format)
    stopping = asked_to_stop()
    serving = Serve(settings)
    start_process_metrics()
    watch_disk(settings.state_dir)
    serving.start()
    for what, path in (("console", "/"), ("API", "/docs"), ("metrics", "/metrics")):
        typer.echo(f"{what:8}{serving.url}{path}")
    was_asked = serving.wait(stopping)
    serving.stop()
    if not was_asked:
        raise typer.Exit(1)
