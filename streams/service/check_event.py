"""A dry run: what the gate would make of one event that somebody pastes. Pure; nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from streams.domain.actions import Action, ActionTable, action_of
from streams.domain.events import Event
from streams.domain.limits import IngestLimits
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.domain.reasons import MEANING
from streams.domain.remedies import remedy_of
from streams.errors import InvalidEvent
from streams.service.field_verdicts import Document, FieldVerdict, FieldVerdicts, short
from streams.service.judge_records import Judge, Outcome

ReadDocument = Callable[[Platform, RawRecord], Document]
"""A record field by field. Raises InvalidEvent for what is no document."""


class Checked(msgspec.Struct, frozen=True):
    """What would become of an event. reason, meaning, field, detail, remedy: of a refusal.

    normalised: the record of `user-events` by field, keys of accounts and sessions shortened, None where none would be
    written. key: of that record, shortened. n_links: what the identity log would be told beside it.
    """

    platform: str
    outcome: Outcome
    type: str
    is_mapped: bool
    fields: list[FieldVerdict]
    reason: str = ""
    meaning: str = ""
    field: str = ""
    detail: str = ""
    remedy: str = ""
    normalised: dict[str, Any] | None = None
    key: str = ""
    n_links: int = 0


class EventChecker:
    """judge: the gate. read: records field by field. actions, limits: those of the gate."""

    def __init__(self, judge: Judge, read: ReadDocument, actions: ActionTable, limits: IngestLimits) -> None:
        self._judge = judge
        self._read = read
        self._actions = actions
        self._limits = limits

    def check(self, platform: Platform, value: bytes, now_s: float) -> Checked:
        """What the gate would make of this value if it arrived now, UTC seconds. Raises nothing."""
        record = RawRecord(value, timestamp_s=now_s)
        judged = self._judge.judge(record, platform)
        fields: list[FieldVerdict] = []
        is_mapped = False
        try:
            document = self._read(platform, record)
        except InvalidEvent:
            pass  # the gate says what is wrong with the record as a whole
        else:
            is_mapped = document.is_mapped
            action = self._actions.get(action_of(judged.type)) or Action(needs=())
            fields = FieldVerdicts(judged, document, action, self._limits, now_s).all()
        checked = Checked(platform, judged.outcome, judged.type, is_mapped, fields)
        if judged.outcome == "rejected":
            return msgspec.structs.replace(
                checked, reason=judged.reason, meaning=MEANING[judged.reason], field=judged.field,
                detail=judged.detail, remedy=remedy_of(judged.reason),
            )  # fmt: skip
        if judged.event is None:
            return checked
        n_links = 0 if judged.batch is None else len(judged.batch.hints)
        return msgspec.structs.replace(
            checked, normalised=_normalised(judged.event), key=short(judged.user), n_links=n_links
        )


def _normalised(event: Event) -> dict[str, Any]:
    """The record by the names of its fields, as far as it says anything."""
    shown = {
        "event_id": event.event_id.hex(),
        "account": short(event.account),
        "session": short(event.session) if event.session else "",
        "reverses": None if event.reverses is None else event.reverses.hex(),
    }
    said = {name: shown.get(name, msgspec.to_builtins(getattr(event, name))) for name in event.__struct_fields__}
    return {name: value for name, value in said.items() if value is not None and value is not False and value != ""}
