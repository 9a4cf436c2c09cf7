"""Routes for operators: alive, ready, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from streams.serve.access import requires
from streams.serve.parts import ServeParts
from streams.telemetry.metrics import REGISTRY


def operator_routes(parts: ServeParts) -> APIRouter:
    """Probes are open and say nothing about anybody; metrics need a key where keys are set."""
    router = APIRouter(tags=["operators"])

    @router.get("/healthz", summary="Alive")
    def healthz() -> Response:
        return JSONResponse({"status": "alive"})

    @router.get("/readyz", summary="Ready, or 503 with what is missing")
    def readyz() -> Response:
        missing, faults = parts.readiness()
        status = "waiting" if missing else "ready"
        return JSONResponse({"status": status, "missing": missing, "faults": faults}, 503 if missing else 200)

    @router.get("/metrics", summary="Prometheus metrics", dependencies=[Depends(requires("read", parts.keys))])
    def metrics() -> Response:
        parts.refresh_gauges()
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return router
