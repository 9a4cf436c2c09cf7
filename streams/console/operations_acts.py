"""What pages do and not only show: by role, from a page of this console, and never unaudited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from streams.console.access import PageProblem, page_requires
from streams.errors import UsageError
from streams.serve.access import NOBODY, Caller
from streams.serve.api_keys import Role
from streams.serve.audit import audited
from streams.serve.parts import ServeParts
from streams.serve.problems import Problem
from streams.serve.subjects import may_see, names_its_subject

_OWN: Final = frozenset({"same-origin", "none"})


def acting(parts: ServeParts, role: Role, action: str) -> list[Any]:
    """Dependencies of a route that does something. action: its name in the audit."""
    begin = audited(parts.auditor, action)

    def begun(request: Request) -> None:
        with as_page():
            begin(request)

    return [
        Depends(page_requires(role, parts.keys)),
        Depends(from_own_page),
        Depends(in_scope(parts)),
        Depends(begun),
    ]


def in_scope(parts: ServeParts) -> Callable[[Request], Any]:
    """The person of a page is noted and held against the key, as in the API; a second one (`with`) as well."""
    note = names_its_subject(parts)

    async def noted(request: Request) -> None:
        with as_page():
            await note(request)
            caller: Caller = getattr(request.state, "caller", NOBODY)
            other = request.query_params.get("with")
            if other and not may_see(parts, caller, other):
                raise Problem(403, "out_of_scope", "this key may not ask about this person", "use another key")

    return noted


def from_own_page(request: Request) -> None:
    """Without keys a browser sends nothing secret along, so another site's form could do what the reader may.

    Raises PageProblem. A browser says where a form stands; a program says nothing, and its key speaks for it.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_own = site in _OWN if site else not origin or urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise PageProblem(403, "foreign_page", "this was sent by a page of another site", "use the page of the console")


@contextmanager
def as_page() -> Iterator[None]:
    """Refusals of the API, and brokers that do not answer, as a page for who comes with a browser."""
    try:
        yield
    except PageProblem:
        raise
    except Problem as problem:
        raise PageProblem(problem.status, problem.code, str(problem), problem.remedy) from problem
    except UsageError as error:
        raise PageProblem(503, "unavailable", str(error), "try again; see /readyz and the brokers") from error
