"""uvicorn as serve and ingest use it: no line about single requests, since raw account ids may stand in URLs."""

from __future__ import annotations

import logging
from typing import Final

import uvicorn
from starlette.applications import Starlette

GRACE_S: Final = 5


def http_server(app: Starlette) -> uvicorn.Server:
    """A server for the application; whoever runs it hands it its socket."""
    # `access_log=False` only takes handlers away, which any later logging configuration gives back.
    logging.getLogger("uvicorn.access").addFilter(_never)
    return uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S)
    )


def _never(_: logging.LogRecord) -> bool:
    return False
