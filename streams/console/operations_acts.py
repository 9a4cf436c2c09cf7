"""What pages do and not only show: by role, from a page of this console, and never unaudited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from streams.console.brokers import brokers_asked
from streams.serve.access import asking, requires
from streams.serve.api_keys import Role
from streams.serve.audit import audited
from streams.serve.parts import ServeParts
from streams.serve.problems import Problem
from streams.serve.subjects import may_see, names_its_subject

_OWN: Final = frozenset({"same-origin", "none"})


def acting(parts: ServeParts, role: Role, action: str) -> list[Any]:
    """Dependencies of a route that does something. action: its name in the audit."""
    return [
        Depends(requires(role, parts.keys)),
        Depends(from_own_page),
        Depends(in_scope(parts)),
        Depends(audited(parts.auditor, action)),
    ]


def in_scope(parts: ServeParts) -> Callable[[Request], Any]:
    """The person of a page is noted and held against the key, as in the API; a second one (`with`) as well."""
    note = names_its_subject(parts)

    async def noted(request: Request) -> None:
        with brokers_asked():
            await note(request)
            caller = asking(request)
            other = request.query_params.get("with")
            if other and not may_see(parts, caller, other):
                raise Problem(403, "out_of_scope", "this key may not ask about this person", "use another key")

    return noted


def from_own_page(request: Request) -> None:
    """Without keys a browser sends nothing secret along, so another site's form could do what the reader may.

    Raises Problem. A browser says where a form stands; a program says nothing, and its key speaks for it.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_own = site in _OWN if site else not origin or urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise Problem(403, "foreign_page", "this was sent by a page of another site", "use the page of the console")
