"""The JSON Schemas of what Braid reads and writes, for whoever generates readers or checks writers."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response

from streams.domain.schemas import Schema, schemas
from streams.serve.answers import json_answer
from streams.serve.problems import refusals

_BY_NAME: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "JSON Schema 2020-12 by name; `$id` is `urn:braid:<name>:<version>`."}
}


def schema_routes() -> APIRouter:
    """The same for everybody: made once."""
    router = APIRouter(prefix="/v1", tags=["schemas"])
    made = schemas()

    @router.get(
        "/schemas",
        summary="JSON Schemas of events and records",
        response_model=dict[str, Schema],
        responses=refusals() | _BY_NAME,
    )
    def all_schemas() -> Response:
        return json_answer(made)

    return router
