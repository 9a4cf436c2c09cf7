"""Who is one person: links and unlinks, applied in the order of one log, over edges that are kept.

**Nodes** are accounts and identifiers. A link of n nodes makes n - 1 edges, a star from its first account, so every
edge has an account at one end. Who is connected is one person. **The user key** is the key of one of the person's
accounts; an account that nothing links is a user of its own.

**Merge**: the person with most accounts keeps its user key; among equals the one whose user key's account the log has
known longer, then the smaller key. **Split**: the part with the account of the user key keeps it; another part takes
the key of the account that the log has known longest, then the smaller key. Only the order of the log counts, never
the time of an event.

| command | outcome |
|---|---|
| link | `linked`; a cycle is kept, since each edge is evidence of its own |
| link of what is linked | `refreshed`: the evidence is renewed, nobody moves |
| link of a node with itself, of one node, without an account | refused at the gate, `too_few_nodes` |
| link beyond a bound | refused whole, see `identity_guards`; nothing changes |
| unlink of several nodes | `unlinked`: the edges between them go, though others may still hold them together |
| unlink of several nodes of one person, without an edge between them | refused, `still_linked`: it would do nothing |
| unlink of one account or identifier | `unlinked`: all its edges go, it is taken out |
| forget | everybody connected goes home, erased; their nodes and edges are gone: `forgotten`, or `not_linked` |
| unlink of what is not linked, or unknown | `not_linked`, nothing changes |
| rotate: an id under a new secret is one that is known | `rotated`: `identity_rotation`; `refreshed` when it was said |
| a command that is done already (same source and id) | `repeat`, nothing changes |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

from streams.domain import reasons
from streams.domain.accounts import AccountKey
from streams.domain.identity_graph import Graph, Group
from streams.domain.identity_guards import IdentityRules, check_person, check_sharing
from streams.domain.identity_keys import NodeKey, account_node, is_account
from streams.domain.identity_records import Evidence, account_from, members_key
from streams.domain.identity_rotation import is_same, name_account, name_identifiers, stored_nodes
from streams.domain.moves import SCRUB, Kind
from streams.errors import InvalidEvent

Outcome = Literal["linked", "refreshed", "unlinked", "forgotten", "not_linked", "rotated", "repeat", "replayed"]
Action = Literal["link", "unlink", "forget", "rotate"]


@dataclass(frozen=True, slots=True)
class Command:
    """What one record of `identity` asks for. nodes: distinct, accounts first. arrived_at_s: the broker's clock.

    rotations: identifiers under the current secret, each with the node it is stored as. A rotation has two nodes, in
    this order.
    """

    action: Action
    nodes: tuple[NodeKey, ...]
    evidence: Evidence
    arrived_at_s: float
    offset: int
    rotations: tuple[tuple[NodeKey, NodeKey], ...] = ()

    @property
    def epoch(self) -> int:
        """Of the homes that it gives accounts: grows along the log, also over what was forgotten."""
        return self.offset + 1


@dataclass(frozen=True, slots=True)
class Handover:
    """An account has another user now; users are 16 bytes of a user key."""

    account: AccountKey
    from_user: bytes
    to_user: bytes
    from_epoch: int
    epoch: int


@dataclass(slots=True)
class Decision:
    """What a command came to. renamed: accounts whose record changes though they stay where they are."""

    outcome: Outcome
    kind: Kind = "merge"
    handovers: list[Handover] = field(default_factory=list)
    renamed: list[AccountKey] = field(default_factory=list)


def link(graph: Graph, rules: IdentityRules, command: Command) -> Decision:
    """Make one person of the nodes. Raises InvalidEvent before anything is changed."""
    hub, *others = command.nodes
    graph.load_people(command.nodes)
    groups = graph.groups(command.nodes)
    there = graph.linked(hub)
    fresh = [node for node in others if node not in there]
    if len(groups) > 1:
        check_person(rules, groups)
    check_sharing(rules, graph, command.nodes, fresh)
    for node in command.nodes:
        graph.ensure(node, command.offset)
    for node in others:
        graph.connect(hub, node, command.evidence)
    handovers = _merge(graph, groups, command.epoch) if len(groups) > 1 else []
    return Decision("linked" if fresh else "refreshed", "merge", handovers)


def unlink(graph: Graph, command: Command) -> Decision:
    """Remove edges and split whom they held together. Raises InvalidEvent before anything is changed."""
    graph.load_people(command.nodes)
    groups = [group for group in graph.groups(command.nodes) if len(group.members) > 1]
    if len(command.nodes) == 1:
        (node,) = command.nodes
        edges = [(node, NodeKey(other)) for other in sorted(graph.linked(node)) if not is_same(graph, node, other)]
    else:
        there = {node: graph.linked(node) for node in command.nodes}
        edges = [(one, other) for one, other in combinations(command.nodes, 2) if other in there[one]]
    if not edges:
        if any(len(set(group.members).intersection(command.nodes)) > 1 for group in groups):
            raise InvalidEvent(
                reasons.STILL_LINKED,
                "data: the nodes are one person through others, not through a link between them; "
                "unlink a single account to take it out",
            )
        return Decision("not_linked")
    for group in groups:
        graph.load(group.members)
    for one, other in edges:
        graph.disconnect(one, other)
    handovers = [handover for group in groups for handover in _split(graph, group, command.epoch)]
    return Decision("unlinked", "split", handovers)


def forget(graph: Graph, command: Command) -> Decision:
    """Send everybody who is connected with the nodes home, erased, and forget that they were connected."""
    graph.load_people(command.nodes)
    handovers: list[Handover] = []
    for group in graph.groups(command.nodes):
        graph.load(group.members)
        if len(group.members) > 1:
            graph.put(members_key(group.user), None)
        for member in group.members:
            node = graph.node(member)
            if node is None:
                continue
            if is_account(member):
                account = account_from(member[1:])
                handovers.append(Handover(account, node.user, member[1:], node.epoch, command.epoch))
                left = [home for home in node.homes if home != node.user]
                handovers += [Handover(account, home, member[1:], SCRUB, command.epoch) for home in left]
            _drop(graph, member)
    return Decision("forgotten" if handovers else "not_linked", "erase", handovers)


def rotate(graph: Graph, rules: IdentityRules, command: Command) -> Decision:
    """Know the second node under the first one's key as well. Raises InvalidEvent before anything is changed."""
    current, named = command.nodes
    if not is_account(current):
        is_new = name_identifiers(graph, [(current, named)], command.offset)
        return Decision("rotated" if is_new else "refreshed")
    graph.load_people((current, named))
    (stored,) = stored_nodes(graph, (named,))
    node = graph.node(current)
    if current == stored or (node is not None and node.known_as):
        return Decision("refreshed")
    graph.load_people((stored,))
    groups = graph.groups((stored, current))
    if len(groups) > 1 and len(groups[1].members) > 1:
        # It is the same account, so what is unique in both is the same as well.
        check_person(replace(rules, unique_kinds=frozenset()), groups)
    name_account(graph, current, stored, command.offset)
    graph.connect(stored, current, command.evidence)
    handovers = _merge(graph, groups, command.epoch) if len(groups) > 1 else []
    return Decision("rotated", "merge", handovers, renamed=[account_from(current[1:])])


def _drop(graph: Graph, key: NodeKey) -> None:
    """Forget a node; an identifier under other secrets too (accounts under others are members of the person)."""
    if not is_account(key):
        for name in graph.known(key).names:
            graph.put(name, None)
    graph.put(key, None)


def _merge(graph: Graph, groups: Sequence[Group], epoch: int) -> list[Handover]:
    people = [group for group in groups if group.user]
    survivor = people[0]
    if len(people) > 1:
        graph.load(account_node(account_from(group.user)) for group in people)
        survivor = min(people, key=lambda group: (-group.n_accounts, *_seniority(graph, group.user)))
    joining = [group for group in groups if group is not survivor]
    graph.load(member for group in joining for member in group.members)
    handovers: list[Handover] = []
    for group in joining:
        if len(group.members) > 1:
            graph.put(members_key(group.user), None)
        handovers += _rehouse(graph, group.members, survivor.user, epoch)
        survivor.members.extend(group.members)
    graph.put_members(survivor)
    return handovers


def _split(graph: Graph, group: Group, epoch: int) -> list[Handover]:
    parts = _parts(graph, group)
    if len(parts) == 1:
        return []
    handovers: list[Handover] = []
    for members in parts:
        accounts = [member for member in members if is_account(member)]
        if not accounts:
            _drop(graph, members[0])  # an identifier that nothing links: edges begin at accounts
            continue
        keys = [account[1:] for account in accounts]
        user = group.user if group.user in keys else min(keys, key=lambda key: _seniority(graph, key))
        handovers += _rehouse(graph, members, user, epoch)
        graph.put_members(Group(user, members))
    return handovers


def _parts(graph: Graph, group: Group) -> list[list[NodeKey]]:
    """The connected parts, members in the order of the group."""
    part_of: dict[NodeKey, int] = {}
    n_parts = 0
    for start in group.members:
        if start in part_of:
            continue
        part_of[start] = n_parts
        waiting = [start]
        while waiting:
            for other in graph.known(waiting.pop()).neighbours():
                if other not in part_of:
                    part_of[other] = n_parts
                    waiting.append(other)
        n_parts += 1
    parts: list[list[NodeKey]] = [[] for _ in range(n_parts)]
    for member in group.members:
        parts[part_of[member]].append(member)
    return parts


def _rehouse(graph: Graph, members: Sequence[NodeKey], user: bytes, epoch: int) -> list[Handover]:
    """Give the members a user; the accounts for whom it is another one move."""
    handovers: list[Handover] = []
    for member in members:
        node = graph.known(member)
        if node.user == user:
            continue
        if is_account(member):
            handovers.append(Handover(account_from(member[1:]), node.user, user, node.epoch, epoch))
            node.epoch = epoch
            if node.user != member[1:] and node.user not in node.homes:
                node.homes.append(node.user)
        node.user = user
        graph.put(member, node)
    return handovers


def _seniority(graph: Graph, user: bytes) -> tuple[int, bytes]:
    """Smaller is longer known. user: 16 bytes, the key of a loaded account."""
    return graph.known(account_node(account_from(user))).first_known, user
