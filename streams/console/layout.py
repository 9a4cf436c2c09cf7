"""What every page has: the way in, the stream of changes, logging in and out."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from streams.console.addresses import see_other
from streams.console.live import Live, Viewer
from streams.console.rendering import Pages
from streams.console.sessions import COOKIE, LASTS_S, Sessions
from streams.serve.access import asking, requires
from streams.serve.api_keys import KeyRing
from streams.serve.lookups import person_of
from streams.serve.parameters import MAX_ID_CHARS, PLATFORM_PATTERN
from streams.serve.parts import ServeParts
from streams.serve.subjects import may_see

MAX_SUBJECTS: Final = 20
CHANNELS: Final = ("flow-en", "flow-zh", "letters")
_SSE: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Home(msgspec.Struct, frozen=True):
    """platforms: those that profiles or topics name. missing, faults: as /readyz says."""

    platforms: list[str]
    missing: list[str]
    faults: list[str]
    n_items: int


class Login(msgspec.Struct, frozen=True):
    """Where to go on after logging in, and whether a key was refused."""

    goes_on_at: str
    is_refused: bool = False


def layout_routes(parts: ServeParts, pages: Pages, live: Live, platforms: list[str]) -> APIRouter:
    """The way in and the stream."""
    router = APIRouter(include_in_schema=False)
    reads = Depends(requires("read", parts.keys))

    @router.get("/", dependencies=[reads])
    def home(request: Request) -> Response:
        missing, faults = parts.readiness()
        return pages.answer(request, "home.html", Home(platforms, missing, faults, len(parts.spaces.present.index)))

    @router.post("/people", dependencies=[reads])
    def find(
        platform: Annotated[str, Form(pattern=PLATFORM_PATTERN)],
        account: Annotated[str, Form(min_length=1, max_length=MAX_ID_CHARS)],
    ) -> Response:
        """A raw account id comes in a body, and the person's page has none in its address."""
        return see_other(f"/people/{person_of(parts, platform, account)}")

    @router.get("/live", dependencies=[reads])
    async def stream(
        request: Request,
        person: Annotated[list[str] | None, Query()] = None,
        channel: Annotated[list[str] | None, Query()] = None,
    ) -> StreamingResponse:
        caller = asking(request)
        named = (person or [])[:MAX_SUBJECTS]
        seen = [each for each in named if await run_in_threadpool(may_see, parts, caller, each)]
        viewer = Viewer(seen, [name for name in channel or [] if name in CHANNELS])
        return StreamingResponse(live.stream(viewer), media_type="text/event-stream", headers=_SSE)

    return router


def login_routes(parts: ServeParts, pages: Pages, sessions: Sessions) -> APIRouter:
    """A key for a cookie."""
    router, ring = APIRouter(include_in_schema=False), KeyRing(parts.keys)

    @router.get("/login")
    def login(request: Request, goes_on_at: str = "/") -> Response:
        return pages.answer(request, "login.html", Login(_own_path(goes_on_at)))

    @router.post("/login")
    def begin(
        request: Request,
        key: Annotated[str, Form(max_length=MAX_ID_CHARS)],
        goes_on_at: Annotated[str, Form()] = "/",
    ) -> Response:
        now_s = parts.clock.now_s()
        found = ring.find(key.strip())
        if found is None or found.is_expired(now_s):
            return pages.answer(request, "login.html", Login(_own_path(goes_on_at), is_refused=True), status=401)
        response = see_other(_own_path(goes_on_at))
        response.set_cookie(
            COOKIE, sessions.begin(found, now_s), LASTS_S, httponly=True, samesite="strict", path="/",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response

    @router.post("/logout")
    def end() -> Response:
        response = see_other("/login")
        response.delete_cookie(COOKIE, path="/", samesite="strict")
        return response

    return router


def _own_path(path: str) -> str:
    """A path of this host, never another's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
