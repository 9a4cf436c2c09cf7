"""Every refusal of the API has one shape: {code, message, remedy}. None of them repeats what the caller sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
_CODES: Final = {
    400: "unreadable_body", 404: "no_such_path", 405: "method_not_allowed", 413: "body_too_large",
}  # fmt: skip
_MEANINGS: Final = {
    400: "The body is not JSON.",
    401: "No valid API key was sent.",
    403: "The key may not do this, or, without keys, the request does not name this machine.",
    404: "There is nothing of this name.",
    413: "The body is too large.",
    422: "A parameter is missing or out of its bounds.",
    429: "The caller asks more often than its rate allows.",
    500: "The request failed inside Braid.",
    503: "The brokers do not take what must be written first.",
}
_FIELDS: Final = {
    "code": "A word of a closed set, for programs.",
    "message": "What is wrong, for people; never what the caller sent.",
    "remedy": "What to do about it.",
}
_SCHEMA: Final = {
    "title": "Problem",
    "type": "object",
    "required": list(_FIELDS),
    "additionalProperties": False,
    "properties": {name: {"type": "string", "description": meaning} for name, meaning in _FIELDS.items()},
}
#: What pydantic calls a field that it does not know: the only fault whose place is the caller's own word.
_UNKNOWN_FIELD: Final = "extra_forbidden"

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


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route for the API description: these, and those that every route behind a key may give."""
    return {
        status: {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in sorted({401, 403, 429, 500, *statuses})
    }


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
    faults = map(fault_of, error.errors())
    return problem_response(422, "invalid_request", "; ".join(faults), "see /docs for the parameters and their limits")


def fault_of(fault: Mapping[str, Any]) -> str:
    """One fault that pydantic found, in words.

    Names and rules only: values may be raw ids or texts, and so may the name of a field nobody asked for.
    """
    place = [str(part) for part in fault["loc"]]
    if fault["type"] == _UNKNOWN_FIELD:
        return f"{'.'.join(place[:-1])}: a field that is not known here"
    return f"{'.'.join(place)}: {fault['msg']}"


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "refused")
    return problem_response(error.status_code, code, str(error.detail), "see /docs for the operations")


async def _failed(_: Request, error: Exception) -> JSONResponse:
    _log.error("request_failed", error=type(error).__name__)
    return problem_response(500, "internal", "the request failed inside Braid", "try again; see the log of serve")
