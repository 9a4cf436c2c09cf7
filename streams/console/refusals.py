"""What refuses a page to a browser is a page, in the reader's language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from streams.console.addresses import see_other, with_query
from streams.console.rendering import Pages, is_fragment, look_of
from streams.console.words import catalogue
from streams.domain.sentences import Language
from streams.serve.problems import Problem

#: Their words tell what this one time failed, so they are shown beside the words for the code.
_PARTICULAR: Final = frozenset({"unavailable", "not_taken"})


class Refused(msgspec.Struct, frozen=True):
    """A refusal as a page."""

    status: int
    code: str
    message: str
    remedy: str


def install_refusals(app: FastAPI, pages: Pages) -> None:
    """Refusals as pages, without a key the way to log in. Programs get the API's own."""
    for kind in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _as_page(pages, app.exception_handlers[kind]))


def word_of(code: str) -> str:
    """What the catalogues call the sentence for a code."""
    return f"refusal.{code}"


def in_words(language: Language, refused: Refused) -> str:
    """What is wrong and what to do: the catalogue's words for the code, else the refusal's own."""
    own = f"{refused.message}. {refused.remedy}."
    told = catalogue(language).get(word_of(refused.code))
    if told is None:
        return own
    return f"{told} {refused.message}" if refused.code in _PARTICULAR else told


def _as_page(pages: Pages, before: Any) -> Callable[[Request, Exception], Awaitable[Response]]:
    """before: what answers programs."""

    async def answer(request: Request, error: Exception) -> Response:
        is_browser = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
        if not is_browser:
            told: Response = await before(request, error)
            return told
        view = _refused(error)
        if view.status == 401 and request.method == "GET" and not is_fragment(request):
            return see_other(f"/login?{urlencode({'goes_on_at': with_query(request)})}")
        said = in_words(look_of(request).language, view)
        return pages.answer(request, "refused.html", view, status=view.status, said=said)

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
