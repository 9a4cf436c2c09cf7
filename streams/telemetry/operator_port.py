"""The operator port of a process: /metrics, /healthz, /readyz, on a thread of its own so that it always answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from streams.errors import Unavailable
from streams.telemetry.metrics import REGISTRY

#: Names what is missing; empty = ready.
Missing = Callable[[], list[str]]


class OperatorPort:
    """Serves until the process ends. Raises Unavailable when the port, which `setting` names, is taken."""

    def __init__(self, host: str, port: int, missing: Missing, setting: str = "BRAID_METRICS__PORT") -> None:
        handler = type("Handler", (_Handler,), {"missing": staticmethod(missing)})
        try:
            self._server = ThreadingHTTPServer((host, port), handler)
        except OSError as error:
            raise Unavailable(
                f"{setting}={port}: {host}:{port} cannot be listened on ({error.strerror}); "
                "set another port, or 0 for any free one"
            ) from error
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True, name="operator-port").start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    missing: Missing

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY))
        elif self.path == "/healthz":
            self._answer(200, "application/json", b'{"status": "alive"}')
        elif self.path == "/readyz":
            missing = self.missing()
            body = json.dumps({"status": "waiting" if missing else "ready", "missing": missing}).encode()
            self._answer(503 if missing else 200, "application/json", body)
        else:
            self._answer(404, "application/json", b'{"paths": ["/metrics", "/healthz", "/readyz"]}')

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Probes every few seconds are no news."""
