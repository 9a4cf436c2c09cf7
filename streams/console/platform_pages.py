"""Pages for those who send events: how a platform is doing, what would become of an event, and where one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Form, Request, Response

from streams.console.brokers import brokers_asked
from streams.console.parts import ConsoleParts
from streams.console.platform_parts import MappingInUse, PlatformParts
from streams.console.rendering import Pages
from streams.domain.platforms import Platform
from streams.serve.access import asking, require_platform, requires
from streams.serve.middleware import MAX_BODY_BYTES
from streams.serve.parameters import PlatformPath
from streams.serve.problems import Problem
from streams.service.check_event import Checked
from streams.service.kept_briefly import KeptBriefly
from streams.service.sample_platform import PlatformReport

#: A page that many look at reads the topics once in this time.
REPORT_LASTS_S: Final = 5.0


class PlatformList(msgspec.Struct, frozen=True):
    """Every platform that the caller may see, by a small sample."""

    platforms: list[PlatformReport]


class PlatformView(msgspec.Struct, frozen=True):
    """One platform. mapping: None where it speaks the contract."""

    report: PlatformReport
    mapping: MappingInUse | None


class CheckView(msgspec.Struct, frozen=True):
    """checked: None before anything was pasted. max_bytes: of what may be."""

    platform: str
    is_mapped: bool
    max_bytes: int
    checked: Checked | None = None


def platform_routes(parts: ConsoleParts, desk: PlatformParts, pages: Pages) -> APIRouter:
    """`/platforms` and what is below it."""
    router = APIRouter(include_in_schema=False)
    reads = Depends(requires("read", parts.serve.keys))
    in_scope = Depends(platform_in_scope(parts))
    clock = parts.serve.clock
    lists = KeptBriefly(desk.sampler.reports, REPORT_LASTS_S, clock)
    reports = KeptBriefly(desk.sampler.report, REPORT_LASTS_S, clock)

    @router.get("/platforms", dependencies=[reads])
    def platforms(request: Request) -> Response:
        with brokers_asked():
            # Of all of them, so that callers of every scope share one reading.
            everything = lists.get(tuple(Platform(name) for name in parts.platforms))
        seen = set(platforms_of(parts, request))
        return pages.answer(
            request, "platforms.html", PlatformList([each for each in everything if each.platform in seen])
        )

    @router.get("/platforms/{name}", dependencies=[reads, in_scope])
    def platform(request: Request, name: PlatformPath) -> Response:
        with brokers_asked():
            report = reports.get(Platform(name))
        return pages.answer(request, "platform.html", PlatformView(report, desk.mappings.get(Platform(name))))

    @router.get("/platforms/{name}/check", dependencies=[reads, in_scope])
    def form(request: Request, name: PlatformPath) -> Response:
        view = CheckView(name, name in desk.mappings, MAX_BODY_BYTES)
        return pages.answer(request, "platform_check.html", view, written="")

    @router.post("/platforms/{name}/check", dependencies=[reads, in_scope])
    def check(request: Request, name: PlatformPath, event: Annotated[str, Form(min_length=1)]) -> Response:
        """What was pasted is not shown again: it holds ids as people have them."""
        value = event.strip().encode("utf-8", "surrogatepass")
        checked = desk.checker.check(Platform(name), value, clock.now_s())
        view = CheckView(name, name in desk.mappings, MAX_BODY_BYTES, checked)
        written = msgspec.json.format(msgspec.json.encode(checked.normalised), indent=2).decode()
        return pages.answer(request, "platform_check.html", view, written=written if checked.normalised else "")

    return router


def platforms_of(parts: ConsoleParts, request: Request) -> list[str]:
    """Those that the caller's key is for."""
    caller = asking(request)
    return [name for name in parts.platforms if caller.key is None or caller.key.may_ask_about(name)]


def platform_in_scope(parts: ConsoleParts) -> Callable[[Request], None]:
    """A dependency of pages with `name` in their path; see `require_known`."""

    def check(request: Request) -> None:
        require_known(parts, request, str(request.path_params.get("name")))

    return check


def require_known(parts: ConsoleParts, request: Request, name: str) -> None:
    """Raises Problem 403 for a platform that the caller's key is not for, 404 for one that there is not."""
    require_platform(asking(request), name)
    if name not in parts.platforms:
        raise Problem(
            404,
            "no_such_platform",
            "there is no platform of this name",
            "look at /platforms; BRAID_TOPICS__PLATFORMS and the mapping files name them",
        )
