"""Routes for operators: alive, ready, metrics."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from streams.serve.access import requires
from streams.serve.answers import json_answer
from streams.serve.described import described
from streams.serve.parts import ServeParts
from streams.serve.problems import refusals
from streams.telemetry.metrics import REGISTRY


class Alive(msgspec.Struct, frozen=True):
    """The process runs."""

    status: str = "alive"


class Readiness(msgspec.Struct, frozen=True):
    """status: ready or waiting. missing: what has not been read yet; faults: what is wrong with the broker."""

    status: str
    missing: list[str]
    faults: list[str]


_WAITING: Final[dict[int | str, dict[str, Any]]] = {
    503: {"description": "Something is missing.", "model": described(Readiness)}
}
_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Prometheus text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


def operator_routes(parts: ServeParts) -> APIRouter:
    """Probes are open and say nothing about anybody; metrics need a key where keys are set."""
    router = APIRouter(tags=["operators"])

    @router.get("/healthz", summary="Alive", response_model=described(Alive))
    def healthz() -> Response:
        return json_answer(Alive())

    @router.get(
        "/readyz",
        summary="Ready, or 503 with what is missing",
        response_model=described(Readiness),
        responses=_WAITING,
    )
    def readyz() -> Response:
        missing, faults = parts.readiness()
        answer = json_answer(Readiness("waiting" if missing else "ready", missing, faults))
        answer.status_code = 503 if missing else 200
        return answer

    @router.get(
        "/metrics",
        summary="Prometheus metrics",
        dependencies=[Depends(requires("metrics", parts.keys))],
        response_class=Response,
        responses=refusals() | _TEXT,
    )
    def metrics() -> Response:
        parts.refresh_gauges()
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return router
