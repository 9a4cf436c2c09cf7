"""The identity log in memory: commands as providers send them, and a slow, obvious twin that judges the outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

from streams.adapters.identity_events import decode_identity
from streams.agents.identity import IdentityStage
from streams.domain.accounts import account_key
from streams.domain.dead_letters import DeadLetter, decode_dead_letter
from streams.domain.identity_guards import IdentityRules
from streams.domain.identity_records import IdentityRecord, unpack_identity
from streams.domain.moves import KIND_HEADER, MOVE, Move, unpack_move
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.service.identify import Identified, IdentityLog
from streams.service.identity_gate import IdentityGate
from tests.support.cloud_events import NOON_S

SECRET = b"0123456789abcdef"
Action = Literal["link", "unlink"]


def key_of(account: str) -> str:
    """The account key of `platform/id`."""
    platform, _, identifier = account.partition("/")
    return account_key(SECRET, platform, identifier)


def a_command(action: Action, *accounts: str, id: str = "", **changes: Any) -> dict[str, Any]:  # noqa: A002
    """A link or unlink of accounts named `platform/id`; changes go into `data`."""
    named = [dict(zip(("platform", "account"), account.split("/", 1), strict=True)) for account in accounts]
    data = ({"accounts": named} if named else {}) | changes
    return {
        "specversion": "1.0",
        "id": id or json.dumps([action, data]),
        "source": "/idp",
        "type": f"identity.{action}ed",
        "time": "2024-05-01T11:59:00Z",
        "data": data,
    }


def on_the_log(command: dict[str, Any], offset: int) -> RawRecord:
    """The command as a record of `identity`; the broker's clock ticks once a record."""
    return RawRecord(json.dumps(command).encode(), (), NOON_S + offset, "identity", 0, offset, b"k")


class States(dict[bytes, bytes]):
    """The stage's table as a dictionary."""

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def write(self, states: Sequence[tuple[bytes, bytes | None]]) -> None:
        assert len({key for key, _ in states}) == len(states), "a key is written once a batch"
        for key, value in states:
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value


@dataclass
class Feed:
    """A log of commands and what the stage has made of it so far. outputs: (key, value) by topic."""

    rules: IdentityRules = field(default_factory=IdentityRules)
    states: States = field(default_factory=States)
    outputs: dict[str, list[tuple[bytes | None, bytes | None]]] = field(default_factory=dict)
    outcomes: list[Identified] = field(default_factory=list)
    offset: int = 0
    mark: Callable[[str], str] | None = None

    def __post_init__(self) -> None:
        log = IdentityLog(IdentityGate(SECRET, decode_identity, self.rules), self.rules)
        self.stage = IdentityStage(log, TopicNames(), self.outcomes.append, mark=self.mark)

    def say(self, *commands: dict[str, Any]) -> str:
        """Append the commands as one batch; the outcomes, or reasons of refusal, joined by a space."""
        records = [on_the_log(command, self.offset + i) for i, command in enumerate(commands)]
        n_dead = len(self.dead)
        self.fold(records)
        counted = [outcome for outcome, n in self.outcomes[-1].outcomes.items() for _ in range(n)]
        return " ".join([*counted, *(letter.reason for letter in self.dead[n_dead:])])

    def fold(self, records: list[RawRecord]) -> None:
        """One durable batch."""
        prepared = self.stage.prepare(records)
        effects = self.stage.fold(prepared, self.states)
        for outgoing in effects.outputs:
            assert outgoing.headers == ([(KIND_HEADER, MOVE)] if outgoing.topic == "user-events" else None)
            self.outputs.setdefault(outgoing.topic, []).extend(outgoing.records)
        self.states.write(effects.states)
        self.stage.committed(prepared)
        self.offset = max([self.offset, *(record.offset + 1 for record in records)])

    def user_of(self, account: str) -> str:
        """The user key that a reader of `identities` finds."""
        record = self.identities.get(key_of(account))
        return key_of(account) if record is None else record.user

    def together(self, *accounts: str) -> bool:
        """Whether the accounts have one user."""
        return len({self.user_of(account) for account in accounts}) == 1

    @property
    def identities(self) -> dict[str, IdentityRecord]:
        """The topic read to its end, newest record of a key."""
        last = {(key or b"").decode(): value for key, value in self.outputs.get("identities", [])}
        return {key: unpack_identity(value) for key, value in last.items() if value is not None}

    @property
    def moves(self) -> list[tuple[str, Move]]:
        """Every move with the user it is addressed to."""
        return [
            ((key or b"").decode(), unpack_move(value or b"")) for key, value in self.outputs.get("user-events", [])
        ]

    @property
    def dead(self) -> list[DeadLetter]:
        """What was refused."""
        return [decode_dead_letter(value or b"") for _, value in self.outputs.get("dead-letters", [])]


Nodes = tuple[str, ...]


class Twin:
    """Edges in a set and a flood fill: who is one person, from the accepted commands alone. Accounts have a slash."""

    def __init__(self) -> None:
        self.edges: set[frozenset[str]] = set()

    def apply(self, action: Action, nodes: Nodes) -> None:
        """Accounts come first in `nodes`."""
        if action == "link":
            self.edges |= {frozenset({nodes[0], other}) for other in nodes[1:]}
        elif len(nodes) == 1:
            self.edges = {edge for edge in self.edges if nodes[0] not in edge}
        else:
            self.edges -= {frozenset(pair) for pair in combinations(nodes, 2)}

    def person_of(self, node: str) -> frozenset[str]:
        person, grown = {node}, True
        while grown:
            reached = {end for edge in self.edges if edge & person for end in edge}
            grown = not reached <= person
            person |= reached
        return frozenset(person)

    def accounts_at(self, identifier: str) -> set[str]:
        return {end for edge in self.edges if identifier in edge for end in edge} - {identifier}

    def breaks(self, rules: IdentityRules, nodes: Nodes) -> bool:
        """Whether a link would go beyond a bound; the twin stays as it was."""
        before = Twin()
        before.edges = set(self.edges)
        before.apply("link", nodes)
        if len({self.person_of(node) for node in nodes}) > 1:
            person = before.person_of(nodes[0])
            if sum("/" in node for node in person) > rules.max_accounts:
                return True
            if sum(node.startswith("userid:") for node in person) > 1:
                return True
        accounts = {node for node in nodes if "/" in node}
        fresh = [n for n in nodes[1:] if "/" not in n and frozenset({nodes[0], n}) not in self.edges]
        return any(len(self.accounts_at(n) | accounts) > rules.most_joined(n.partition(":")[0]) for n in fresh)  # type: ignore[arg-type]
