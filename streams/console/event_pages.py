"""`/events`: where is my event? A search in bounded parts; the address of each holds where it goes on."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from streams.console.addresses import with_query
from streams.console.brokers import brokers_asked
from streams.console.parts import ConsoleParts
from streams.console.platform_pages import platforms_of, require_known
from streams.console.platform_parts import PlatformParts
from streams.console.rendering import Pages, wants_json
from streams.domain.envelopes import MAX_ID_CHARS
from streams.domain.platforms import Platform
from streams.serve.access import requires
from streams.serve.parameters import PLATFORM_PATTERN
from streams.serve.problems import Problem
from streams.service.event_search import SEARCH, Asked, Budget, Progress
from streams.service.trace_event import Found

#: How far back the form offers to look, by what its choices send.
AGO_S: Final = {"15m": 900.0, "1h": 3_600.0, "6h": 21_600.0, "1d": 86_400.0, "7d": 604_800.0}
#: A page shows how far the search is after each of these; together they are what one search may take.
PART_S: Final = 1.5
PARTS: Final = int(SEARCH.seconds / PART_S) + 1
#: Searches keep threads and brokers busy; whoever comes too many is asked to come again.
MAX_SEARCHES: Final = 2

_POSITIONS: Final = r"^(\d{1,6}:\d{1,19}(,\d{1,6}:\d{1,19})*)?$"
_Positions = Annotated[str, Query(pattern=_POSITIONS, max_length=65_536)]


class EventView(msgspec.Struct, frozen=True):
    """The form as it was filled, and what was found. since_s: from when it was looked.

    next_at: where the search goes on by itself, more_at: where it does when asked to; "" where it does not.
    """

    platforms: list[str]
    platform: str
    id: str
    source: str
    ago: str
    since_s: float | None = None
    found: Found | None = None
    next_at: str = ""
    more_at: str = ""


class _Form(msgspec.Struct, frozen=True):
    platform: str
    id: str
    source: str
    ago: str
    since: str


class _Came(msgspec.Struct, frozen=True):
    """How far the parts before came. n: records, step: parts."""

    at: str
    found: str
    n: int
    step: int

    @property
    def progress(self) -> Progress:
        return Progress(dict(_pairs(self.at)), _pairs(self.found), self.n)


def event_routes(parts: ConsoleParts, desk: PlatformParts, pages: Pages) -> APIRouter:
    """The page, as JSON in one go, as HTML part by part."""
    router = APIRouter(include_in_schema=False)
    searches = BoundedSemaphore(MAX_SEARCHES)

    @router.get("/events", dependencies=[Depends(requires("read", parts.serve.keys))])
    def events(
        request: Request, form: Annotated[_Form, Depends(_form)], came: Annotated[_Came, Depends(_came)]
    ) -> Response:
        """A plain function: it runs in a thread, and holds up nobody but who waits for it."""
        seen = platforms_of(parts, request)
        view = EventView(seen, form.platform or next(iter(seen), ""), form.id, form.source, form.ago)
        if not form.id:
            return pages.answer(request, "events.html", view)
        require_known(parts, request, view.platform)
        since_s = _since(form, parts.serve.clock.now_s())
        asked = Asked(Platform(view.platform), form.id, form.source, since_s)
        with brokers_asked(), _turn(searches):
            found = _look(desk, asked, came, in_one_go=wants_json(request))
        # The last one found is who the audit is told of: it is one event, whatever it was sent as.
        for traced in found.traced:
            if traced.applied is not None:
                request.state.subject = traced.applied.profile_id
        begun = {"since": f"{since_s:.3f}", "ago": None, "at": _written(list(found.progress.positions.items())),
                 "found": _written(found.progress.found)}  # fmt: skip
        next_at = with_query(request, **begun, n=str(found.progress.n_records), step=str(came.step + 1))
        more_at = with_query(request, **begun, n=None, step=None)
        answer = msgspec.structs.replace(
            view,
            since_s=since_s,
            found=found,
            next_at="" if found.rests else next_at,
            more_at=more_at if found.rests and not found.is_done else "",
        )
        return pages.answer(request, "events.html", answer)

    return router


def _form(
    platform: Annotated[str, Query(pattern=rf"{PLATFORM_PATTERN}|^$")] = "",
    id: Annotated[str, Query(max_length=MAX_ID_CHARS)] = "",  # noqa: A002 - the contract's word
    source: Annotated[str, Query(max_length=MAX_ID_CHARS)] = "",
    ago: Annotated[str, Query(pattern=f"^({'|'.join(AGO_S)})?$")] = "",
    since: Annotated[str, Query(max_length=40)] = "",
) -> _Form:
    return _Form(platform, id.strip(), source.strip(), ago or "1h", since.strip())


def _came(
    at: _Positions = "",
    found: _Positions = "",
    n: Annotated[int, Query(ge=0, le=10**9)] = 0,
    step: Annotated[int, Query(ge=0, le=PARTS)] = 0,
) -> _Came:
    return _Came(at, found, n, step)


def _look(desk: PlatformParts, asked: Asked, came: _Came, *, in_one_go: bool) -> Found:
    if in_one_go:
        return desk.tracer.find(asked, came.progress)
    budget = Budget(max(1, SEARCH.n_records - came.n), PART_S)
    return desk.tracer.find(asked, came.progress, budget, is_last=came.step + 1 >= PARTS)


class _turn:  # noqa: N801 - reads as the statement that it is
    """Raises Problem when too many search already."""

    def __init__(self, searches: BoundedSemaphore) -> None:
        self._searches = searches

    def __enter__(self) -> None:
        if not self._searches.acquire(timeout=PART_S):
            raise Problem(503, "busy", f"{MAX_SEARCHES} searches are going on", "try again in some seconds")

    def __exit__(self, *_: object) -> None:
        self._searches.release()


def _since(form: _Form, now_s: float) -> float:
    """UTC seconds: a number of them, or a time of day without an offset, which is UTC as well."""
    if not form.since:
        return now_s - AGO_S[form.ago]
    if re.fullmatch(r"\d{1,12}(\.\d+)?", form.since, re.ASCII):
        return float(form.since)
    with suppress(ValueError, OverflowError):
        said = datetime.fromisoformat(form.since)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
    raise Problem(422, "invalid_request", "since: not a time", "write it like 2024-05-01T12:00, in UTC")


def _pairs(text: str) -> list[tuple[int, int]]:
    return [(int(one), int(other)) for one, _, other in (pair.partition(":") for pair in text.split(",") if pair)]


def _written(pairs: list[tuple[int, int]]) -> str | None:
    return ",".join(f"{one}:{other}" for one, other in pairs) or None
