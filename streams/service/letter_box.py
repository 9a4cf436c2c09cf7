"""The latest dead letters by their heads: grouped by topic, stage, reason and field, without their bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Final, NamedTuple

import msgspec

from streams.domain.dead_letters import Original

MAX_LETTERS: Final = 50_000


class LetterLine(msgspec.Struct, frozen=True):
    """What a list needs of a letter. place: its key. offset: in `dead-letters`. at_s: broker's clock of the record.

    field: what the refusal names first, empty where it names none. original: as in the letter.
    """

    place: str
    offset: int
    topic: str
    stage: str
    reason: str
    field: str
    detail: str
    at_s: float
    original: Original


class GroupKey(NamedTuple):
    """What letters have in common."""

    topic: str
    stage: str
    reason: str
    field: str


class LetterGroup(msgspec.Struct, frozen=True):
    """Letters of one kind. newest: the line of the newest, first_at_s to last_at_s: when their records came."""

    topic: str
    stage: str
    reason: str
    field: str
    n: int
    first_at_s: float
    last_at_s: float
    newest: LetterLine


class LetterBox:
    """At most `max_letters`, the newest. Written by one thread, read by any."""

    def __init__(self, max_letters: int = MAX_LETTERS) -> None:
        self._max_letters = max_letters
        self._lines: OrderedDict[str, LetterLine] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._lines)

    def put(self, line: LetterLine) -> None:
        """Keep a letter; a repeat replaces it."""
        with self._lock:
            self._lines.pop(line.place, None)
            self._lines[line.place] = line
            if len(self._lines) > self._max_letters:
                self._lines.popitem(last=False)

    def end(self, place: str) -> None:
        """Forget a letter."""
        with self._lock:
            self._lines.pop(place, None)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._lines.clear()

    def find(self, place: str) -> LetterLine | None:
        """One letter, None when it is gone."""
        return self._lines.get(place)

    def groups(self, may_see: Callable[[str], bool]) -> list[LetterGroup]:
        """The groups, that of the newest letter first. may_see: whether letters of a topic are shown."""
        grouped: dict[GroupKey, list[LetterLine]] = {}
        for line in self._newest_first():
            if may_see(line.topic):
                grouped.setdefault(GroupKey(line.topic, line.stage, line.reason, line.field), []).append(line)
        return [
            LetterGroup(*key, len(lines), min(at_s := [line.at_s for line in lines]), max(at_s), lines[0])
            for key, lines in grouped.items()
        ]

    def of(self, key: GroupKey) -> list[LetterLine]:
        """The letters of a group, newest first."""
        return [line for line in self._newest_first() if (line.topic, line.stage, line.reason, line.field) == key]

    def _newest_first(self) -> Iterable[LetterLine]:
        with self._lock:
            return list(reversed(self._lines.values()))
