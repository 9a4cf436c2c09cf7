"""One call of a tool: arguments checked, scope held, answered, audited. Knows nothing of the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import structlog
from pydantic import BaseModel, ValidationError

from streams.serve.access import Caller
from streams.serve.parts import NoErasures, ServeParts
from streams.serve.problems import Problem, fault_of
from streams.tools_server.arguments import PLATFORM_ARGUMENTS, OfPerson
from streams.tools_server.tools import TOOLS, Tool
from streams.tools_server.whom import Subject, find_subject

ANSWERED: Final = 200
FAILED: Final = 500
_REFUSED: Final = frozenset({401, 403})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """body: JSON; of a refusal {code, message, remedy}, as over HTTP. status: what HTTP would have answered."""

    status: int
    body: str

    @property
    def is_error(self) -> bool:
        """Whether it is a refusal."""
        return self.status != ANSWERED


class Calls:
    """Answers calls. Any number of threads may use it. platforms: those that arguments may name."""

    def __init__(self, parts: ServeParts, platforms: Sequence[str], tools: Sequence[Tool] = TOOLS) -> None:
        # Nothing here asks for an erasure; a mistake must not be able to.
        self._parts = replace(parts, erasures=NoErasures())
        self.platforms = tuple(platforms)
        self.tools = {tool.name: tool for tool in tools}

    def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        """Answer one call. Never raises: refusals and failures are answers."""
        subject = Subject()
        try:
            answer = Answer(ANSWERED, _json(self._answered(name, arguments, caller, subject)))
        except Problem as problem:
            answer = _refusal(problem)
        except Exception as error:  # noqa: BLE001 - the protocol would show the caller what a fault of ours says
            _log.error("tool_failed", error=type(error).__name__)
            answer = _refusal(
                Problem(FAILED, "internal", "the call failed inside Braid", "try again; see the log of serve")
            )
        self._note(name, caller, subject.profile_id, answer.status)
        return answer

    def _answered(self, name: str, arguments: Mapping[str, Any], caller: Caller, subject: Subject) -> object:
        """Raises Problem; what is known of the subject by then stays in it."""
        tool = self.tools.get(name)
        if tool is None:
            raise Problem(404, "unknown_tool", "there is no tool of this name", f"one of: {_listed(self.tools)}")
        asked = _checked(tool, arguments)
        self._require_platforms(asked)
        if isinstance(asked, OfPerson):
            find_subject(self._parts, caller, asked, subject)
        return tool.answer(self._parts, asked, subject.profile_id)

    def _require_platforms(self, asked: BaseModel) -> None:
        for argument in PLATFORM_ARGUMENTS:
            said = getattr(asked, argument, None)
            if said is not None and said not in self.platforms:
                known = f"one of: {_listed(self.platforms)}"
                raise Problem(422, "unknown_platform", f"{argument}: no platform of this name", known)

    def _note(self, name: str, caller: Caller, subject: str, status: int) -> None:
        """As `audit.AuditTrail` does for routes. What is noted passed a tool: its name is no caller's own word."""
        if subject or status in _REFUSED:
            auditor = self._parts.auditor
            auditor.audit.note(auditor.record({"caller": caller, "subject": subject}, f"tool {name}", status))


def _checked(tool: Tool, arguments: Mapping[str, Any]) -> BaseModel:
    try:
        return tool.arguments.model_validate(arguments)
    except ValidationError as error:
        faults = [fault_of({**fault, "loc": ("arguments", *fault["loc"])}) for fault in error.errors()]
        known = _listed(tool.arguments.model_fields)
        raise Problem(422, "invalid_request", "; ".join(faults), f"arguments of {tool.name}: {known}") from None


def _refusal(problem: Problem) -> Answer:
    return Answer(problem.status, _json({"code": problem.code, "message": str(problem), "remedy": problem.remedy}))


def _json(body: object) -> str:
    return msgspec.json.encode(body).decode()


def _listed(names: Mapping[str, Any] | Sequence[str]) -> str:
    return ", ".join(names)
