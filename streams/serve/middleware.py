"""Around every request: who sends it and how often, a bound on its body, its duration by route template."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.ports import Clock
from streams.serve.access import NOBODY, Caller, caller_of
from streams.serve.api_keys import ApiKey, KeyRing
from streams.serve.problems import problem_response
from streams.serve.rate_limits import RateLimits
from streams.telemetry import metrics
from streams.telemetry.access_metrics import API_CALLS

MAX_BODY_BYTES: Final = 64 * 1024
MAX_DIGITS: Final = 18
UNKNOWN_ROUTE: Final = "unknown"
#: Name of the cookie that stands for a key; it is made by `streams.console.sessions`.
SESSION_COOKIE: Final = "braid_session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: Scripts and styles are the same for everybody.
ASSETS: Final = "/assets/"
KeyOfSession = Callable[[str, float], ApiKey | None]
"""(cookie, now, UTC seconds) to the key that it stands for."""
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

    def __init__(
        self, app: ASGIApp, ring: KeyRing, limits: RateLimits, clock: Clock, sessions: KeyOfSession | None = None
    ) -> None:
        """sessions: what a browser's cookie stands for, None where no browser logs in."""
        self._app = app
        self._ring = ring
        self._sessions = sessions
        self._limits = limits
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] in UNLIMITED_PATHS or scope["path"].startswith(ASSETS):
            await self._app(scope, receive, send)
            return
        caller = self._caller(scope)
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


    def _caller(self, scope: Scope) -> Caller:
        headers, now_s = dict(scope["headers"]), self._clock.now_s()
        sent = headers.get(b"authorization", b"").decode("latin-1")
        if sent or self._sessions is None or not len(self._ring) or not _is_own_page(scope["method"], headers):
            return caller_of(sent, self._ring, now_s)
        cookies = cookie_parser(headers.get(b"cookie", b"").decode("latin-1"))
        key = self._sessions(cookies.get(SESSION_COOKIE, ""), now_s)
        return NOBODY if key is None else Caller(key.name, key)


def _is_own_page(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a cookie may speak for a request: another site's page can send one along, but sets no header of ours."""
    return method in _SAFE or headers.get(b"sec-fetch-site") == b"same-origin" or b"hx-request" in headers


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
