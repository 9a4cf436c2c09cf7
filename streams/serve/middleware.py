"""Around every request: a bound on its body, and its duration by route template."""

from __future__ import annotations

import time
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.serve.problems import problem_response
from streams.telemetry import metrics

MAX_BODY_BYTES: Final = 64 * 1024
MAX_DIGITS: Final = 18
UNKNOWN_ROUTE: Final = "unknown"


class BodyLimit:
    """Refuses bodies above `max_bytes`, whether announced or streamed."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._message = f"the body has more than {max_bytes} bytes"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        # Compared by length first: Python refuses to read a number of thousands of digits.
        if announced.isdigit() and (len(announced.lstrip(b"0")) > MAX_DIGITS or int(announced) > self._max_bytes):
            refusal = problem_response(413, "body_too_large", self._message, "send a shorter text")
            await refusal(scope, receive, send)
            return
        n_bytes = 0

        async def bounded() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self._max_bytes:
                # The only exception that FastAPI lets through while it reads a body.
                raise HTTPException(413, self._message)
            return message

        await self._app(scope, bounded, send)


class RequestMetrics:
    """Observes `braid_request_seconds` by route template, which holds no id of anybody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = "500"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
            metrics.REQUEST_SECONDS.labels(route, status).observe(time.perf_counter() - started)
