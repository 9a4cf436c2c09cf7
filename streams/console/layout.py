"""What every page has: the way in, refusals as pages, the stream of changes, logging in and out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from streams.console.live import Live, Viewer
from streams.console.rendering import Pages, is_fragment, with_query
from streams.console.sessions import COOKIE, LASTS_S, Sessions
from streams.serve.access import asking, requires
from streams.serve.api_keys import KeyRing
from streams.serve.lookups import person_of
from streams.serve.parameters import MAX_ID_CHARS, PLATFORM_PATTERN
from streams.serve.parts import ServeParts
from streams.serve.problems import Problem
from streams.serve.subjects import may_see

SEE_OTHER: Final = 303
MAX_SUBJECTS: Final = 20
CHANNELS: Final = ("flow-en", "flow-zh", "letters")
_SSE: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Home(msgspec.Struct, frozen=True):
    """platforms: those that profiles or topics name. missing, faults: as /readyz says."""

    platforms: list[str]
    missing: list[str]
    faults: list[str]
    n_items: int


class Refused(msgspec.Struct, frozen=True):
    """A refusal as a page."""

    status: int
    code: str
    message: str
    remedy: str


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
        return RedirectResponse(f"/people/{person_of(parts, platform, account)}", SEE_OTHER)

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
        response = RedirectResponse(_own_path(goes_on_at), SEE_OTHER)
        response.set_cookie(
            COOKIE, sessions.begin(found, now_s), LASTS_S, httponly=True, samesite="strict", path="/",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response

    @router.post("/logout")
    def end() -> Response:
        response = RedirectResponse("/login", SEE_OTHER)
        response.delete_cookie(COOKIE, path="/", samesite="strict")
        return response

    return router


def install_refusals(app: FastAPI, pages: Pages) -> None:
    """What refuses a page to a browser is a page, and without a key the way to log in. Programs get the API's own."""
    for kind in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _as_page(pages, app.exception_handlers[kind]))


def _as_page(pages: Pages, before: Any) -> Callable[[Request, Exception], Awaitable[Response]]:
    """before: what answers programs."""

    async def answer(request: Request, error: Exception) -> Response:
        is_browser = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
        if not is_browser:
            told: Response = await before(request, error)
            return told
        view = _refused(error)
        if view.status == 401 and request.method == "GET" and not is_fragment(request):
            return RedirectResponse(f"/login?{urlencode({'goes_on_at': with_query(request)})}", SEE_OTHER)
        return pages.answer(request, "refused.html", view, status=view.status)

    return answer


def _refused(error: Exception) -> Refused:
    if isinstance(error, Problem):
        return Refused(error.status, error.code, str(error), error.remedy)
    if isinstance(error, HTTPException) and error.status_code != 404:
        return Refused(error.status_code, "refused", str(error.detail), "go to the start page")
    if isinstance(error, HTTPException):
        return Refused(404, "no_such_page", "there is no page of this address", "go to the start page")
    message, remedy = "the page does not understand what was asked", "go back and look at the fields"
    return Refused(422, "invalid_request", message, remedy)


def _own_path(path: str) -> str:
    """A path of this host, never another's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
