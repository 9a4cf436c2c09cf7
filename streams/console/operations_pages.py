"""`/operations`: how the stages keep up, live; and what the audit says."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from streams.console.brokers import brokers_asked
from streams.console.operations_flow import FlowView, FlowWatch, channel_of
from streams.console.operations_parts import Operations
from streams.console.parts import ConsoleParts
from streams.console.rendering import Pages, look_of
from streams.domain.audit_records import AuditRecord, mark_of
from streams.domain.sentences import Language
from streams.serve.access import requires
from streams.serve.answers import json_answer

SHOWN_RECORDS: Final = 200
Word = Annotated[str, Query(max_length=128)]


class AuditView(msgspec.Struct, frozen=True):
    """records: newest first, at most SHOWN_RECORDS of those that fit. n_read: records that were looked through.

    callers, actions, outcomes: those that occur. The others: what was chosen, empty for all.
    """

    records: list[AuditRecord]
    n_fit: int
    n_read: int
    callers: list[str]
    actions: list[str]
    outcomes: list[str]
    caller: str
    action: str
    outcome: str
    person: str


def operations_routes(parts: ConsoleParts, operations: Operations, pages: Pages) -> APIRouter:
    """Flow and audit."""
    router, keys = APIRouter(include_in_schema=False), parts.serve.keys
    reads, audits = [Depends(requires("read", keys))], [Depends(requires("audit", keys))]

    def render(language: Language, view: FlowView) -> str:
        return pages.part(language, "operations_flow.html", view=view)

    watch = FlowWatch(operations.stands, parts.live, parts.serve.clock, render)

    @router.get("/operations", dependencies=reads)
    def flow(request: Request) -> Response:
        channel = channel_of(look_of(request).language)
        return pages.answer(request, "operations.html", watch.view(), channel=channel)

    @router.get("/operations/history", dependencies=reads)
    def history(since: Annotated[float, Query(ge=0)] = 0.0) -> Response:
        return json_answer(watch.series(since))

    @router.get("/operations/audit", dependencies=audits)
    def audit(
        request: Request, caller: Word = "", action: Word = "", outcome: Word = "", person: Word = ""
    ) -> Response:
        with brokers_asked():
            records = operations.audit_log.latest()
        whom = mark_of(parts.serve.pseudonym_secret, person) if person else ""
        wanted = {"who": caller, "action": action, "outcome": outcome, "whom": whom}
        fit = [
            record
            for record in records
            if all(getattr(record, name) == value for name, value in wanted.items() if value)
        ]
        view = AuditView(
            records=fit[:SHOWN_RECORDS],
            n_fit=len(fit),
            n_read=len(records),
            callers=sorted({record.who for record in records}),
            actions=sorted({record.action for record in records}),
            outcomes=sorted({str(record.outcome) for record in records}),
            caller=caller,
            action=action,
            outcome=outcome,
            person=person,
        )
        return pages.answer(request, "operations_audit.html", view)

    return router
