"""uvicorn as serve and ingest use it: on a thread, and without a line about single requests.

Raw account ids may stand in URLs.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from socket import socket
from typing import Final

import uvicorn
from starlette.applications import Starlette

#: What is being answered when the server is to end has so long.
GRACE_S: Final = 5
START_POLL_S: Final = 0.02
LOOK_S: Final = 0.2


class HttpServer:
    """Answers on a socket that listens already, which stays its owner's. `start`, then `ask_to_end` and `join`."""

    def __init__(self, app: Starlette, listener: socket) -> None:
        # `access_log=False` only takes handlers away, which any later logging configuration gives back.
        logging.getLogger("uvicorn.access").addFilter(_never)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S
            )
        )
        self._listener = listener
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Returns once requests are answered, or the server has ended."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(START_POLL_S)

    def wait(self, stopping: threading.Event, has_died: Callable[[], bool]) -> bool:
        """Block until asked to stop (true), or until the server has ended or what it answers from has died (false)."""
        while not has_died() and self._thread.is_alive():
            if stopping.wait(LOOK_S):
                return True
        return False

    def ask_to_end(self) -> None:
        """Take no more requests; returns at once."""
        self._server.should_exit = True

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until everything is answered, at most so long; returns at once for a server that never began."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))


def _never(_: logging.LogRecord) -> bool:
    return False
