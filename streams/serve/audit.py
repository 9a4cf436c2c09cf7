"""Who asked about whom: the port, its double in memory, and what notes every call about a person.

A read is answered even when its audit record is lost, which is counted. What must not happen unaudited (an erasure, an
export) is preceded by `audited`: the record `begun` is at the broker before the handler runs, or the answer is 503.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.domain.audit_records import AuditRecord, mark_of, outcome_of
from streams.errors import Retryable
from streams.ports import Clock
from streams.serve.access import NOBODY, Caller
from streams.serve.problems import Problem

MEMORY_RECORDS: Final = 10_000
#: Refusals that say somebody tried; what was limited is counted only, or a flood would fill the topic.
_TRIED: Final = frozenset({401, 403})
UNKNOWN_ROUTE: Final = "unknown"
#: Where the tools for assistants are served; see `streams.tools_server`.
TOOLS_PATH: Final = "/mcp"
_WATCHED: Final = ("/v1/", TOOLS_PATH)


class Audit(Protocol):
    """Where audit records go. Called from the event loop and from threads."""

    def note(self, record: AuditRecord) -> None:
        """Hand over. Returns at once and never raises: what cannot be kept is lost and counted."""

    def require(self, record: AuditRecord) -> None:
        """Return once the record is safe; blocks for seconds at most. Raises Retryable when it is not."""

    def close(self) -> None:
        """Write what waits; nothing is noted afterwards."""


class MemoryAudit:
    """The latest records in a list: for tests and for a serve without a broker. is_away: as if the broker were gone."""

    def __init__(self, n_records: int = MEMORY_RECORDS) -> None:
        self.records: deque[AuditRecord] = deque(maxlen=n_records)
        self.n_lost = 0
        self.is_away = False

    def note(self, record: AuditRecord) -> None:
        """Keep it."""
        if self.is_away:
            self.n_lost += 1
        else:
            self.records.append(record)

    def require(self, record: AuditRecord) -> None:
        """Keep it, or raise Retryable."""
        if self.is_away:
            raise Retryable("the audit is away")
        self.records.append(record)

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Auditor:
    """Makes records of requests. secret: of the pseudonyms, 16 to 64 bytes."""

    audit: Audit
    clock: Clock
    secret: bytes

    def record(self, state: Mapping[str, Any], action: str, status: int) -> AuditRecord:
        """Of a request's state, as `middleware.Callers` and `subjects` left it. status 0: begun."""
        caller: Caller = state.get("caller", NOBODY)
        subject: str = state.get("subject", "")
        whom = mark_of(self.secret, subject) if subject else ""
        outcome = outcome_of(status) if status else "begun"
        return AuditRecord(self.clock.now_s(), caller.name, action, whom, outcome, status)


def audited(auditor: Auditor, action: str) -> Callable[[Request], None]:
    """A dependency for what must not happen unaudited; name it after the one that checks the role.

    Raises Problem 503 when the audit does not take the record.
    """

    def begin(request: Request) -> None:
        try:
            auditor.audit.require(auditor.record(request.scope.get("state", {}), action, 0))
        except Retryable as error:
            raise Problem(
                503,
                "audit_unavailable",
                "this must not happen unaudited, and the audit does not answer",
                "try again; an operator looks at the brokers and at braid_audit_records_total",
            ) from error
        request.state.action = action

    return begin


class AuditTrail:
    """ASGI: notes every call that named a person, and every call of API or tools that was refused for its key."""

    def __init__(self, app: ASGIApp, auditor: Auditor) -> None:
        self._app = app
        self._auditor = auditor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, int(message["status"]))
            await send(message)

        await self._app(scope, receive, watched)

    def _note(self, scope: Scope, status: int) -> None:
        state = scope.get("state", {})
        tried = status in _TRIED and str(scope["path"]).startswith(_WATCHED)
        if not state.get("subject") and not tried:
            return
        route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
        action = state.get("action") or f"{scope['method']} {route}"
        self._auditor.audit.note(self._auditor.record(state, action, status))
