"""/docs: the API to be read and tried, by a Swagger UI of our own; without scripts, the list of its operations.

Swagger UI sets styles by script, which the policy of every page allows, and wants no source of scripts or styles but
our own: this page needs no exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response

from streams.console.rendering import Pages


class Operation(msgspec.Struct, frozen=True):
    """One of the API's."""

    method: str
    path: str
    summary: str


class ApiDescription(msgspec.Struct, frozen=True):
    """description: where the OpenAPI document is."""

    description: str
    operations: list[Operation]


def docs_routes(app: FastAPI, pages: Pages) -> APIRouter:
    """The page at /docs. It asks for no key, as the description itself does not: it says nothing about anybody."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def docs(request: Request) -> Response:
        view = ApiDescription(str(app.openapi_url), operations_of(app.openapi()))
        return pages.answer(request, "docs.html", view)

    return router


def operations_of(description: Mapping[str, Any]) -> list[Operation]:
    """Of an OpenAPI description, in its order."""
    return [
        Operation(method.upper(), path, operation.get("summary", ""))
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    ]
