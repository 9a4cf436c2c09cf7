"""What may not become one person: the bounds of the identity log, checked before a link changes anything.

Each refusal leaves the log as it was and says which bound it was; what is refused can be sent again once the obstacle
is gone (a refused command is not remembered).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Final

from streams.domain import reasons
from streams.domain.identity_graph import Graph, Group
from streams.domain.identity_keys import KINDS, Kind, NodeKey, is_account, kind_of
from streams.errors import InvalidEvent

DEFAULT_MAX_JOINED: Final[Mapping[Kind, int]] = MappingProxyType({"userid": 100, "email": 20, "phone": 10, "device": 5})
_letter = itemgetter(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """Bounds of a person.

    max_accounts, max_identifiers: of one person. max_joined: accounts that one identifier joins, by kind; beyond it the
    identifier is shared by people. unique_kinds: kinds of which a person has one value at most.
    placeholders: values, lower case, that say nothing, beside the built-in ones. blocked: identifiers that link nobody,
    `<kind>:<value>` or `<kind>#<keyed hash>`. remembered_commands: ids kept to know a repeated command.
    """

    max_accounts: int = 1_000
    max_identifiers: int = 2_000
    max_joined: Mapping[Kind, int] = field(default_factory=lambda: DEFAULT_MAX_JOINED)
    unique_kinds: frozenset[Kind] = frozenset({"userid"})
    placeholders: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    remembered_commands: int = 1_000_000

    def __post_init__(self) -> None:
        """Raises ValueError for a bound that can hold nothing and for a kind that is none."""
        for name in ("max_accounts", "max_identifiers", "remembered_commands"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: must be 1 or more")
        for kind in (*self.max_joined, *self.unique_kinds):
            if kind not in KINDS:
                raise ValueError(f"kind {kind!r}: use one of {', '.join(KINDS)}")
        for kind, most in self.max_joined.items():
            if most < 1:
                raise ValueError(f"max_joined[{kind!r}] = {most}: must be 1 or more; block the identifiers instead")

    def most_joined(self, kind: Kind) -> int:
        """How many accounts an identifier of a kind may join."""
        return self.max_joined.get(kind, DEFAULT_MAX_JOINED[kind])


def check_person(rules: IdentityRules, groups: Sequence[Group]) -> None:
    """The person that `groups` would become. Raises InvalidEvent person_too_large, unique_conflict."""
    letters = Counter(map(_letter, chain.from_iterable(group.members for group in groups)))
    kinds = Counter({kind_of(NodeKey(bytes([letter]))): n for letter, n in letters.items()})
    n_accounts = kinds.pop(None, 0)
    n_identifiers = kinds.total()
    for what, number, most in (
        ("accounts", n_accounts, rules.max_accounts),
        ("identifiers", n_identifiers, rules.max_identifiers),
    ):
        if number > most:
            raise InvalidEvent(
                reasons.PERSON_TOO_LARGE,
                f"data: the person would have {number} {what}, at most {most}; unlink what does not belong",
            )
    for kind in sorted(rules.unique_kinds):
        if kinds[kind] > 1:
            raise InvalidEvent(
                reasons.UNIQUE_CONFLICT,
                f"data: the person would have {kinds[kind]} different values of {kind}, at most 1; unlink one first",
            )


def check_sharing(rules: IdentityRules, graph: Graph, nodes: Sequence[NodeKey], fresh: Sequence[NodeKey]) -> None:
    """Identifiers among the new ends of edges must not join too many accounts. Raises InvalidEvent shared_identifier.

    All accounts of the command count, though only the first gets an edge to the identifier.
    """
    accounts = {node for node in nodes if is_account(node)}
    for node in fresh:
        kind = kind_of(node)
        if kind is None:
            continue
        n_joined, most = len(graph.linked(node) | accounts), rules.most_joined(kind)
        if n_joined > most:
            raise InvalidEvent(
                reasons.SHARED_IDENTIFIER,
                f"data.{kind}: would join {n_joined} accounts, at most {most}; it is shared by people, leave it out",
            )
