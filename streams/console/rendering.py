"""Views as pages, as fragments of pages, or as JSON: one address answers with what the caller accepts."""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, get_args

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from streams.console.addresses import with_query
from streams.console.assets import Assets
from streams.console.shared_fragments import SharedFragments
from streams.console.templating import templates_of
from streams.console.words import LANGUAGES, chosen
from streams.domain.sentences import Language
from streams.serve.access import asking
from streams.serve.answers import json_answer
from streams.serve.api_keys import Role

LANGUAGE_COOKIE, THEME_COOKIE = "braid_language", "braid_theme"
ROLES: Final[tuple[Role, ...]] = get_args(Role)
THEMES: Final = ("auto", "light", "dark")
A_YEAR_S: Final = 365 * 86_400
WORTH_ZIPPING_BYTES, ZIP_LEVEL = 2_000, 5
_VARY: Final = "Accept, Accept-Encoding, Accept-Language, Cookie, HX-Request"


@dataclass(frozen=True)
class Look:
    """How a page is shown. nonce: of this answer's scripts."""

    language: Language
    theme: str
    nonce: str


class Pages:
    """Renders. needs_keys: else whoever uses this machine may do everything."""

    def __init__(self, assets: Assets, *, needs_keys: bool, has_console: bool = True) -> None:
        """has_console: whether there are other pages, which a page leads to."""
        self._assets = assets
        self._has_console = has_console
        self._needs_keys = needs_keys
        self._fragments = SharedFragments()
        self._templates = {language: templates_of(language) for language in LANGUAGES}

    def answer(self, request: Request, template: str, view: object, *, status: int = 200, **more: Any) -> Response:
        """The view as JSON for who accepts that and not HTML, else as the template's page, or fragment for htmx.

        A template extends `layout.html`, which leaves everything but the body out for a fragment. more: for the
        template alone.
        """
        if wants_json(request):
            response = json_answer(view)
            response.status_code = status
            response.headers["Vary"] = _VARY
            return _zipped(request, response)
        look = look_of(request)
        html = self.render(request, look, template, view=view, **more)
        response = HTMLResponse(html, status, headers=_headers(look.nonce))
        asked = request.query_params.get("lang")
        if asked in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, asked, A_YEAR_S, samesite="strict", path="/")
        if request.query_params.get("theme") in THEMES:
            response.set_cookie(THEME_COOKIE, request.query_params["theme"], A_YEAR_S, samesite="strict", path="/")
        # Fragments come again with every change: there the time counts for more than the bytes.
        return response if is_fragment(request) else _zipped(request, response)

    def shared(
        self, request: Request, template: str, view: Callable[[], object], about: Hashable, **more: Any
    ) -> Response:
        """A fragment, made once for all who ask for the same at once and may do the same.

        about: what tells one content from another, such as the revision of what is shown.
        """
        look, may = look_of(request), self._may(request)
        key = (template, look.language, with_query(request), frozenset(filter(may, ROLES)), about)
        html = self._fragments.get(key, lambda: self.render(request, look, template, view=view(), **more))
        return HTMLResponse(html, headers=_headers(look.nonce))

    def part(self, language: Language, template: str, **context: Any) -> str:
        """HTML that many viewers share: of a template that knows neither request nor caller."""
        return self._templates[language].get_template(template).render(**context)

    def render(self, request: Request, look: Look, template: str, **context: Any) -> str:
        """HTML of a template."""
        return self._templates[look.language].get_template(template).render(
            request=request,
            look=look,
            asset=self._assets.url_of,
            has_console=self._has_console,
            is_fragment=is_fragment(request),
            caller=asking(request),
            may=self._may(request),
            needs_keys=self._needs_keys,
            with_query=lambda **changes: with_query(request, **changes),
            **context,
        )

    def _may(self, request: Request) -> Callable[[Role], bool]:
        key = asking(request).key
        return lambda role: not self._needs_keys or (key is not None and key.may(role))


def wants_json(request: Request) -> bool:
    """Whether the caller asks for JSON and not for a page."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of the page that it shows."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def look_of(request: Request) -> Look:
    """As the address says, else as the browser remembers, else as it prefers."""
    asked, cookies = request.query_params, request.cookies
    language = chosen(asked.get("lang"), cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    theme = asked.get("theme") or cookies.get(THEME_COOKIE) or "auto"
    return Look(language, theme if theme in THEMES else "auto", secrets.token_urlsafe(16))


def _zipped(request: Request, response: Response) -> Response:
    """Compressed where the caller takes that and it pays."""
    if "gzip" in request.headers.get("accept-encoding", "") and len(response.body) > WORTH_ZIPPING_BYTES:
        response.body = gzip.compress(response.body, ZIP_LEVEL, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response


def _headers(nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "Vary": _VARY,
        "X-Content-Type-Options": "nosniff",
    }
