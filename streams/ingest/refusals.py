"""Every way in which a request can fail, as one shape: {code, message, remedy}, and when to come back."""

from __future__ import annotations

import math
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from streams.errors import Overloaded, Retryable
from streams.ingest.answers import RETRY_AFTER_S
from streams.serve.problems import Problem, problem_response

_CODES: Final = {404: "no_such_path", 405: "method_not_allowed"}
_AGAIN: Final = "send the same again after Retry-After seconds"

_log = structlog.get_logger(__name__)


class Later(Problem):
    """A request that may come again. wait_s: not before then."""

    def __init__(self, status: int, code: str, message: str, wait_s: float = RETRY_AFTER_S) -> None:
        super().__init__(status, code, message, _AGAIN)
        self.wait_s = wait_s


def refusal_of(error: Exception) -> Response:
    """The answer to a request that ended in this. A fault of ours is logged by its kind alone: it may hold an event."""
    problem = _problem_of(error)
    headers: dict[str, str] = {}
    if isinstance(problem, Later):
        headers["Retry-After"] = str(max(1, math.ceil(problem.wait_s)))
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(problem.status, problem.code, str(problem), problem.remedy, headers)


async def no_route(_: Request, error: Exception) -> Response:
    """The answer where no route fits."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "refused")
    return problem_response(
        error.status_code, code, str(error.detail), "docs/ingest.md lists the routes", error.headers
    )


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, Overloaded):
        return Later(429, "overloaded", "more events wait for the brokers than may")
    if isinstance(error, Retryable):
        # Why is the operator's to know: topics and addresses are none of a sender's business.
        return Later(503, "brokers_away", "nothing was published: the brokers cannot take it now")
    if isinstance(error, ClientDisconnect):
        return Problem(400, "unreadable_body", "the body ended early", "send it again")
    _log.error("request_failed", error=type(error).__name__)
    return Problem(500, "internal", "the request failed inside Braid", "try again; see the log of ingest")
