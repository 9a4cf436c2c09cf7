"""`/operations/letters`: dead letters in groups, samples without anybody's data, and redriving after a dry run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Form, Query, Request, Response

from streams.adapters.letter_samples import Sample
from streams.console.brokers import brokers_asked
from streams.console.operations_acts import acting
from streams.console.operations_parts import Operations
from streams.console.parts import ConsoleParts
from streams.console.rendering import Pages
from streams.domain.dead_letters import DeadLetter
from streams.domain.reasons import MEANING
from streams.serve.access import asking, requires
from streams.serve.problems import Problem
from streams.service.letter_box import MAX_LETTERS, GroupKey, LetterGroup, LetterLine
from streams.service.letter_trials import Verdict
from streams.service.redrive_letters import MAX_REDRIVEN, LetterRedriver, Redriven

N_SAMPLES: Final = 3
N_LISTED: Final = 50

Name = Annotated[str, Query(max_length=256)]
Named = Annotated[str, Form(max_length=256)]


class Selection(NamedTuple):
    """One letter by its place, else a group by what its letters have in common."""

    key: GroupKey
    place: str


def _queried(topic: Name = "", stage: Name = "", reason: Name = "", field: Name = "", place: Name = "") -> Selection:
    return Selection(GroupKey(topic, stage, reason, field), place)


def _sent(topic: Named = "", stage: Named = "", reason: Named = "", field: Named = "", place: Named = "") -> Selection:
    return Selection(GroupKey(topic, stage, reason, field), place)


Queried = Annotated[Selection, Depends(_queried)]
Sent = Annotated[Selection, Depends(_sent)]


class LettersView(msgspec.Struct, frozen=True):
    """n_letters: in memory, at most `most`, the newest. meanings: of the reasons, as documented."""

    groups: list[LetterGroup]
    n_letters: int
    most: int
    fault: str
    meanings: dict[str, str]


class SampledLetter(msgspec.Struct, frozen=True):
    """A letter with what may be shown of its bytes."""

    line: LetterLine
    sample: Sample


class GroupView(msgspec.Struct, frozen=True):
    """lines: the newest, at most N_LISTED; those of one letter when one was asked for. n: all of the group.

    may_redrive: whether records of this topic may be written again at all.
    """

    group: LetterGroup | None
    place: str
    samples: list[SampledLetter]
    lines: list[LetterLine]
    meaning: str
    may_redrive: bool


class TriedLetter(msgspec.Struct, frozen=True):
    """What the gate says of a letter now."""

    line: LetterLine
    verdict: Verdict


class TrialView(msgspec.Struct, frozen=True):
    """tried: the newest of the group, at most MAX_REDRIVEN. outcomes: how many of each. n_left: not tried."""

    topic: str
    stage: str
    reason: str
    field: str
    place: str
    tried: list[TriedLetter]
    outcomes: dict[str, int]
    n_ready: int
    n_left: int


def letters_routes(parts: ConsoleParts, operations: Operations, pages: Pages) -> APIRouter:
    """List, group, dry run and redrive; role admin, since letters hold what platforms sent."""
    router, desk = APIRouter(include_in_schema=False), _Desk(operations)
    admin = [Depends(requires("admin", parts.serve.keys))]

    @router.get("/operations/letters", dependencies=admin)
    def groups(request: Request) -> Response:
        box = operations.letters.box
        view = LettersView(
            box.groups(_may_see(request, operations)), len(box), MAX_LETTERS, operations.letters.fault(), MEANING
        )
        return pages.answer(request, "letters.html", view)

    @router.get("/operations/letters/group", dependencies=admin)
    def group(request: Request, asked: Queried) -> Response:
        with brokers_asked():
            return pages.answer(request, "letters_group.html", desk.group(desk.lines(request, asked), asked.place))

    @router.get("/operations/letters/trial", dependencies=admin)
    def trial(request: Request, asked: Queried) -> Response:
        with brokers_asked():
            return pages.answer(request, "letters_trial.html", desk.trial(asked, desk.lines(request, asked)))

    @router.post("/operations/letters/redrive", dependencies=acting(parts.serve, "admin", "redrive"))
    def redrive(request: Request, asked: Sent) -> Response:
        lines, auditor = desk.lines(request, asked), parts.serve.auditor
        try:
            with brokers_asked():
                view = desk.redrive(lines, n_asked=1 if asked.place else len(lines))
        except Problem as problem:
            auditor.audit.note(auditor.record(request.scope["state"], "redrive", problem.status))
            raise
        auditor.audit.note(auditor.record(request.scope["state"], "redrive", 200))
        return pages.answer(request, "letters_redriven.html", view)

    return router


class _Desk:
    """Answers what the pages ask."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._letters = operations.letters
        self._redriver = LetterRedriver(operations.letters, operations.trials)

    def lines(self, request: Request, asked: Selection) -> list[LetterLine]:
        """One letter, or a group, as far as the caller may see it."""
        may_see = _may_see(request, self._operations)
        box = self._letters.box
        one = box.find(asked.place) if asked.place else None
        lines = ([] if one is None else [one]) if asked.place else box.of(asked.key)
        return [line for line in lines if may_see(line.topic)]

    def group(self, lines: list[LetterLine], place: str) -> GroupView:
        """With samples. Raises Unavailable."""
        if not lines:
            return GroupView(None, place, [], [], "", may_redrive=False)
        first, at_s = lines[0], [line.at_s for line in lines]
        letters = self._read(lines[:N_SAMPLES])
        return GroupView(
            group=LetterGroup(
                first.topic, first.stage, first.reason, first.field, len(lines), min(at_s), max(at_s), first
            ),
            place=place,
            samples=[
                SampledLetter(line, self._operations.sample(letters[line.place], line.original))
                for line in lines[:N_SAMPLES]
                if line.place in letters
            ],
            lines=lines[:N_LISTED],
            meaning=MEANING.get(first.reason, ""),
            may_redrive=any(self._letters.may_redrive(letter) for letter in letters.values()),
        )

    def trial(self, asked: Selection, lines: list[LetterLine]) -> TrialView:
        """Nothing is written. Raises Unavailable."""
        tried = self._redriver.tried(lines)
        return TrialView(
            *asked.key,
            place=asked.place,
            tried=[TriedLetter(each.line, each.verdict) for each in tried],
            outcomes=dict(Counter(each.verdict.outcome for each in tried)),
            n_ready=sum(each.is_ready for each in tried),
            n_left=max(0, len(lines) - MAX_REDRIVEN),
        )

    def redrive(self, lines: list[LetterLine], n_asked: int) -> Redriven:
        """Those that the gate takes now; the others stay. Raises Unavailable."""
        return self._redriver.redrive(lines, n_asked)

    def _read(self, lines: list[LetterLine]) -> dict[str, DeadLetter]:
        return {letter.place.decode(): letter for letter in self._letters.letters(lines)}


def _may_see(request: Request, operations: Operations) -> Callable[[str], bool]:
    """A key with platforms sees letters of their events and no others."""
    caller = asking(request)
    if caller.key is None or not caller.key.grant.platforms:
        return lambda _: True
    scope = caller.key.grant.platforms
    return lambda topic: operations.platform_of(topic) in scope
