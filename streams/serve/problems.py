"""Every refusal of the API has one shape: {code, message, remedy}. None of them repeats what the caller sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
_CODES: Final = {404: "no_such_path", 405: "method_not_allowed", 413: "body_too_large"}

_log = structlog.get_logger(__name__)


class Problem(Exception):  # noqa: N818 - a refusal, not a fault of ours
    """A request that is answered with a refusal."""

    def __init__(self, status: int, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.remedy = remedy


def problem_response(
    status: int, code: str, message: str, remedy: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The refusal as JSON."""
    body = {"code": code, "message": message, "remedy": remedy}
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Give every way a request can fail that shape."""
    app.add_exception_handler(Problem, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return problem_response(error.status, error.code, str(error), error.remedy, headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Names and rules only: values may be raw ids or texts.
    faults = (f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors())
    return problem_response(422, "invalid_request", "; ".join(faults), "see /docs for the parameters and their limits")


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "refused")
    return problem_response(error.status_code, code, str(error.detail), "see /docs for the operations")


async def _failed(_: Request, error: Exception) -> JSONResponse:
    _log.error("request_failed", error=type(error).__name__)
    return problem_response(500, "internal", "the request failed inside Braid", "try again; see the log of serve")
