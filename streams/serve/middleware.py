"""Around every request: who sends it and how often, a bound on its body, its duration by route template."""

from __future__ import annotations

import math
import time
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.ports import Clock
from streams.serve.access import caller_of
from streams.serve.api_keys import KeyRing
from streams.serve.problems import problem_response
from streams.serve.rate_limits import RateLimits
from streams.telemetry import metrics
from streams.telemetry.access_metrics import API_CALLS

MAX_BODY_BYTES: Final = 64 * 1024
MAX_DIGITS: Final = 18
UNKNOWN_ROUTE: Final = "unknown"
#: Whoever may not ask any more must still be seen alive, or the orchestrator ends the process.
UNLIMITED_PATHS: Final = frozenset({"/healthz", "/readyz"})


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


class Callers:
    """Says who sends a request (`state.caller`), holds each to its rate, and counts calls by the key's name."""

    def __init__(self, app: ASGIApp, ring: KeyRing, limits: RateLimits, clock: Clock) -> None:
        self._app = app
        self._ring = ring
        self._limits = limits
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] in UNLIMITED_PATHS:
            await self._app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        caller = caller_of(sent, self._ring, self._clock.now_s())
        scope["state"] = {**scope.get("state", {}), "caller": caller}
        wait_s = self._limits.wait_s(caller.name)
        if wait_s > 0:
            API_CALLS.labels(caller.name, "limited").inc()
            await _too_often(wait_s)(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                outcome = "refused" if message["status"] in {401, 403} else "admitted"
                API_CALLS.labels(caller.name, outcome).inc()
            await send(message)

        await self._app(scope, receive, watched)


def _too_often(wait_s: float) -> JSONResponse:
    return problem_response(
        429,
        "too_many_requests",
        "this caller asks more often than its rate allows",
        "wait as long as Retry-After says; BRAID_API__RATE_PER_S and BRAID_API__ANONYMOUS_RATE_PER_S set the rates",
        {"Retry-After": str(math.ceil(wait_s))},
    )


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
