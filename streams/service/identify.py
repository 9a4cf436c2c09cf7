"""The identity use case: a micro-batch of link and unlink commands becomes new homes of accounts.

`prepare` needs no state; `apply` runs the commands in the order of the log over what `read` returns. The outcome does
not depend on how the log is cut into batches. Whatever a provider sends raises nothing: it becomes a dead letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from streams.domain.accounts import AccountKey, UserKey
from streams.domain.dead_letters import DeadLetter
from streams.domain.identities import Command, Decision, forget, link, rotate, unlink
from streams.domain.identity_graph import Graph, ReadStates
from streams.domain.identity_guards import IdentityRules
from streams.domain.identity_keys import account_node
from streams.domain.identity_records import (
    DONE_LETTER,
    LOG_KEY,
    RING_LETTER,
    IdentityRecord,
    LogState,
    account_from,
    pack_log,
    unpack_log,
)
from streams.domain.identity_rotation import name_identifiers, stored_nodes
from streams.domain.moves import Kind, Move
from streams.domain.raw import RawRecord
from streams.errors import CorruptState, InvalidEvent
from streams.service.identity_gate import STAGE, IdentityGate

_DONE = b"\x01"


@dataclass(slots=True)
class PreparedCommands:
    """Records in the order of the log, each with its command or why it is none."""

    said: list[tuple[RawRecord, Command | InvalidEvent]] = field(default_factory=list)

    @property
    def commands(self) -> list[Command]:
        """The readable ones."""
        return [command for _, command in self.said if isinstance(command, Command)]


@dataclass(slots=True)
class Identified:
    """What a batch changed.

    identities: by account, None for a user of its own again; moves: by the user who lets go; both in the order of the
    log. changes: (time, who asked, kind, user to whom accounts went), for the audit. outcomes: commands by outcome;
    n_moves: accounts that changed users, by kind.
    """

    identities: list[tuple[str, IdentityRecord | None]] = field(default_factory=list)
    moves: list[tuple[str, Move]] = field(default_factory=list)
    changes: list[tuple[float, str, Kind, str]] = field(default_factory=list)
    states: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    n_moves: Counter[str] = field(default_factory=Counter)


class IdentityLog:
    """Applies commands. Holds no state of its own."""

    def __init__(self, gate: IdentityGate, rules: IdentityRules) -> None:
        self._gate = gate
        self._rules = rules

    def prepare(self, records: Sequence[RawRecord]) -> PreparedCommands:
        """Decode, check and hash."""
        prepared = PreparedCommands()
        for record in records:
            try:
                prepared.said.append((record, self._gate.read(record)))
            except InvalidEvent as error:
                prepared.said.append((record, error))
        return prepared

    def apply(self, prepared: PreparedCommands, read: ReadStates) -> Identified:
        """Run the commands. Raises CorruptState for a state that cannot be read."""
        batch = _Batch(read, self._rules, prepared.commands)
        for record, said in prepared.said:
            try:
                if isinstance(said, InvalidEvent):
                    raise said
                batch.run(said)
            except InvalidEvent as error:
                batch.identified.dead.append(DeadLetter.of(record, STAGE, error))
        return batch.finish()


class _Batch:
    """One pass over one batch: the graph under the commands, and the log's memory of what is done."""

    def __init__(self, read: ReadStates, rules: IdentityRules, commands: Sequence[Command]) -> None:
        self.identified = Identified()
        self._rules = rules
        self._graph = Graph(read)
        if not commands:
            return
        self._graph.load([LOG_KEY])
        self._log = _log_state(self._graph)
        # Together, so that a batch costs three reads and not three a command.
        slots = range(self._log.n_commands, self._log.n_commands + len(commands))
        self._graph.load(
            [
                *(DONE_LETTER + command.evidence.event_id for command in commands),
                *map(self._slot, slots),
                *(node for command in commands for node in command.nodes),
            ]
        )
        self._graph.load_people(node for command in commands for node in command.nodes)

    def run(self, command: Command) -> None:
        """Apply one command. Raises InvalidEvent before anything is changed."""
        outcomes = self.identified.outcomes
        if command.offset < self._log.next_offset:
            outcomes["replayed"] += 1
            return
        if self._graph.raw(DONE_LETTER + command.evidence.event_id) is not None:
            outcomes["repeat"] += 1
            return
        decision = self._decide(self._as_stored(command))
        outcomes[decision.outcome] += 1
        self._remember(command)
        self._tell(command, decision)

    def _decide(self, command: Command) -> Decision:
        if command.action == "link":
            return link(self._graph, self._rules, command)
        if command.action == "rotate":
            return rotate(self._graph, self._rules, command)
        return unlink(self._graph, command) if command.action == "unlink" else forget(self._graph, command)

    def _as_stored(self, command: Command) -> Command:
        """The command about the nodes that the log knows, whatever secret hides them in it."""
        if command.action == "rotate":
            return command
        name_identifiers(self._graph, command.rotations, command.offset)
        nodes = stored_nodes(self._graph, command.nodes)
        return command if nodes == command.nodes else replace(command, nodes=nodes)

    def finish(self) -> Identified:
        """Everything the batch changed."""
        self.identified.states = self._graph.states()
        return self.identified

    def _tell(self, command: Command, decision: Decision) -> None:
        trigger, at_s = command.evidence.event_id, command.arrived_at_s
        changed = dict.fromkeys(account_from(handover.to_user) for handover in decision.handovers)
        self.identified.changes += [(at_s, command.evidence.source, decision.kind, user) for user in changed]
        for handover in decision.handovers:
            user, home = UserKey(account_from(handover.to_user)), account_from(handover.from_user)
            record = None if decision.kind == "erase" else self._record(handover.account, at_s)
            move = Move(handover.account, handover.from_epoch, handover.epoch, user, decision.kind, at_s, trigger)
            self.identified.identities.append((handover.account, record))
            self.identified.moves.append((home, move))
        moved = {handover.account for handover in decision.handovers}
        renamed = [account for account in decision.renamed if account not in moved]
        self.identified.identities += [(account, self._record(account, at_s)) for account in renamed]
        if decision.handovers:
            self.identified.n_moves[decision.kind] += len(decision.handovers)

    def _record(self, account: AccountKey, at_s: float) -> IdentityRecord:
        node = self._graph.known(account_node(account))
        user, known_as = UserKey(account_from(node.user)), account_from(node.known_as[1:]) if node.known_as else ""
        return IdentityRecord(user, node.epoch, at_s, account=known_as)

    def _remember(self, command: Command) -> None:
        """The newest ids are kept in a ring, so what is remembered is bounded and the same however batches fall."""
        slot, event_id = self._slot(self._log.n_commands), command.evidence.event_id
        oldest = self._graph.raw(slot)
        if oldest is not None:
            self._graph.put(DONE_LETTER + oldest, None)
        self._graph.put(slot, event_id)
        self._graph.put(DONE_LETTER + event_id, _DONE)
        self._log = LogState(self._log.n_commands + 1, command.offset + 1)
        self._graph.put(LOG_KEY, pack_log(self._log))

    def _slot(self, n: int) -> bytes:
        return RING_LETTER + (n % self._rules.remembered_commands).to_bytes(8, "big")


def _log_state(graph: Graph) -> LogState:
    raw = graph.raw(LOG_KEY)
    try:
        return LogState() if raw is None else unpack_log(raw)
    except msgspec.MsgspecError as error:
        raise CorruptState(f"identity state: the log record cannot be read ({error}); delete its folder") from error
