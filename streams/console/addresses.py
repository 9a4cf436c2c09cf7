"""Addresses of views, and how one leads to another."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse

SEE_OTHER: Final = 303


def with_query(request: Request, **changes: str | None) -> str:
    """The request's path and query with some parameters replaced, or left out where None.

    Nothing in it has a meaning to a shell inside single quotes: it is shown as a command to be copied.
    """
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes]
    query = [*kept, *((name, value) for name, value in changes.items() if value is not None)]
    return quote(request.url.path) + (f"?{urlencode(query)}" if query else "")


def see_other(address: str) -> RedirectResponse:
    """Sends on to another view, to be looked at with GET whatever was asked."""
    return RedirectResponse(address, SEE_OTHER)
