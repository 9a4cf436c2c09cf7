"""The way from a browser to serve, which a test can make as bad as networks are."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

#: Instead of an answer of serve.
Fault = Callable[[BaseHTTPRequestHandler], None]
READ_BYTES = 64 * 1024


def refuses(handler: BaseHTTPRequestHandler) -> None:
    """As whatever stands between browser and serve answers that finds no serve now."""
    handler.send_response(503)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def cuts(_: BaseHTTPRequestHandler) -> None:
    """The connection ends without an answer."""


class Line:
    """A proxy on this machine. One connection a request, so that a fault meets the request that it is for."""

    def __init__(self, port: int) -> None:
        """port: of serve."""
        self._faults: list[tuple[str, Fault]] = []
        self._n_silences = 0
        self._ends = threading.Event()
        self.asked: list[str] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(port))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()

    def once(self, path: str, *faults: Fault) -> None:
        """The next requests for paths that hold `path` meet these, one each."""
        self._faults += [(path, fault) for fault in faults]

    def holds(self, _: BaseHTTPRequestHandler) -> None:
        """A fault: no byte comes, and the connection stays."""
        self._ends.wait()

    def falls_silent(self) -> None:
        """What is being answered comes no further, though its connections stay; what is asked later is answered."""
        with self._lock:
            self._n_silences += 1

    def _fault_for(self, path: str) -> Fault | None:
        with self._lock:
            self.asked.append(path)
            for number, (named, fault) in enumerate(self._faults):
                if named in path:
                    del self._faults[number]
                    return fault
        return None

    def _handler(self, port: int) -> type[BaseHTTPRequestHandler]:
        line = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                # A browser that has gone is nothing to tell of.
                with suppress(OSError, http.client.HTTPException):
                    (line._fault_for(self.path) or line._passes_on(port))(self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _passes_on(self, port: int) -> Fault:
        began = self._n_silences

        def pass_on(handler: BaseHTTPRequestHandler) -> None:
            serve = http.client.HTTPConnection("127.0.0.1", port)
            try:
                serve.request("GET", handler.path, headers=dict(handler.headers))
                answer = serve.getresponse()
                handler.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in {"connection", "transfer-encoding"}:
                        handler.send_header(name, value)
                handler.end_headers()
                while some := answer.read1(READ_BYTES):
                    if began < self._n_silences:
                        self._ends.wait()
                    handler.wfile.write(some)
            finally:
                serve.close()

        return pass_on
