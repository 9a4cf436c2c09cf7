"""Stage `identity`: `identity` → `identities`, and the moves of accounts to `user-events`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from streams.agents.dead_letters import Keep, count_dead_letters, dead_letters
from streams.domain.audit_records import AuditRecord
from streams.domain.dead_letters import plain
from streams.domain.identity_records import pack_identity
from streams.domain.moves import KIND_HEADER, MOVE, pack_move
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.engine.effects import Effects, Headers, Keyed, Outgoing, StateReader
from streams.service.identify import Identified, IdentityLog, PreparedCommands
from streams.service.identity_gate import STAGE

MOVE_HEADERS: Final[Headers] = [(KIND_HEADER, MOVE)]
Count = Callable[[Identified], None]
Mark = Callable[[str], str]


@dataclass(slots=True)
class IdentityBatch:
    """A batch on its way; identified: what it came to, once it is folded."""

    commands: PreparedCommands
    identified: Identified | None = None


class IdentityStage:
    """Applies the one log of links and unlinks. `identity` has one partition, so there is one writer."""

    name = STAGE

    def __init__(
        self, log: IdentityLog, topics: TopicNames, count: Count, keep: Keep = plain, mark: Mark | None = None
    ) -> None:
        """count: told what each durable batch came to; dead letters are counted apart. mark: a user in the audit."""
        self._mark = mark
        self._log = log
        self._topics = topics
        self._count = count
        self._keep = keep

    def prepare(self, records: list[RawRecord]) -> IdentityBatch:
        """Decode, check and hash."""
        return IdentityBatch(self._log.prepare(records))

    def fold(self, prepared: IdentityBatch, state: StateReader) -> Effects:
        """The new home of each account that moves, and the word to the old one to let go."""
        identified = prepared.identified = self._log.apply(prepared.commands, state.get_many)
        identities: list[Keyed] = [
            (key.encode(), None if record is None else pack_identity(record)) for key, record in identified.identities
        ]
        moves: list[Keyed] = [(user.encode(), pack_move(move)) for user, move in identified.moves]
        outputs: list[Outgoing] = []
        if identities:
            outputs.append(Outgoing(self._topics.identities, identities))
        if moves:
            outputs.append(Outgoing(self._topics.user_events, moves, headers=MOVE_HEADERS))
            outputs += self._audit(identified)
        outputs += dead_letters(self._topics.dead_letters, identified.dead, self._keep)
        return Effects(outputs, identified.states)

    def _audit(self, identified: Identified) -> list[Outgoing]:
        """Who made one person of several, or several of one; in the transaction that does it."""
        if self._mark is None:
            return []
        records: list[Keyed] = []
        for at_s, who, kind, user in identified.changes:
            mark = self._mark(user)
            records.append((mark.encode(), AuditRecord(at_s, who, kind, mark, "answered", 0).encode()))
        return [Outgoing(self._topics.audit, records)]

    def committed(self, prepared: IdentityBatch) -> None:
        """Count outcomes."""
        if prepared.identified is not None:
            count_dead_letters(prepared.identified.dead)
            self._count(prepared.identified)
