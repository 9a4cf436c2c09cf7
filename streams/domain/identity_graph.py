"""The part of the identity graph that a batch of commands touches: what was read, under what was changed.

Reads are in bulk and each key is read once; commands of a batch see each other's changes. Nothing here decides
anything: which edges, which user, is the business of `streams.domain.identities`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.domain.identity_keys import NODE_LETTERS, NodeKey, is_account
from streams.domain.identity_records import (
    MEMBERS_LETTER,
    Evidence,
    Node,
    members_key,
    pack_members,
    pack_node,
    unpack_members,
    unpack_node,
)
from streams.errors import CorruptState

ReadStates = Callable[[list[bytes]], list[bytes | None]]


@dataclass(slots=True)
class Group:
    """A person as far as the log knows: its nodes in the order in which they came.

    user: 16 bytes of the user key; empty for an identifier that is linked to nothing.
    """

    user: bytes
    members: list[NodeKey]

    @property
    def n_accounts(self) -> int:
        """How many of the members are accounts."""
        return sum(map(is_account, self.members))


class Graph:
    """Nodes and member lists by their keys. Lives for one batch; raises CorruptState for what it cannot read."""

    def __init__(self, read: ReadStates) -> None:
        self._read = read
        self._values: dict[bytes, Any] = {}
        self._changed: dict[bytes, None] = {}

    def load(self, keys: Iterable[bytes]) -> None:
        """Read, in one call, what is not here yet."""
        values = self._values
        missing = [key for key in keys if key not in values]
        if missing:
            missing = list(dict.fromkeys(missing))
            for key, raw in zip(missing, self._read(missing), strict=True):
                values[key] = None if raw is None else _unpacked(key, raw)

    def load_people(self, nodes: Iterable[NodeKey]) -> None:
        """The nodes and the member lists of their people: two reads, however many nodes."""
        nodes = list(nodes)
        self.load(nodes)
        known = [self._values[key] for key in nodes]
        self.load([members_key(node.user) for node in known if node is not None])

    def node(self, key: bytes) -> Node | None:
        """A loaded node; None if nothing links it and nothing ever moved it."""
        found: Node | None = self._values[key]
        return found

    def known(self, key: bytes) -> Node:
        """A loaded node that must be there. Raises CorruptState."""
        found: Node | None = self._values[key]
        if found is None:
            raise CorruptState("identity state: a member list names a node without a record; delete the state folder")
        return found

    def ensure(self, key: NodeKey, first_known: int) -> None:
        """A node that is new gets a record: an account begins as a user of its own."""
        if self._values[key] is None:
            self.put(key, Node(key[1:] if is_account(key) else b"", 0, first_known, {}, []))

    def groups(self, nodes: Iterable[NodeKey]) -> list[Group]:
        """The people of loaded nodes, each once, in the order of the nodes."""
        groups: dict[bytes, Group] = {}
        for key in nodes:
            node = self.node(key)
            if node is None or not node.user:
                groups[key] = Group(key[1:] if is_account(key) else b"", [key])
            elif node.user not in groups:
                members = self._values[members_key(node.user)]
                groups[node.user] = Group(node.user, [key] if members is None else list(members))
        return list(groups.values())

    def linked(self, key: NodeKey) -> set[bytes]:
        """The neighbours of a loaded node."""
        node = self.node(key)
        return set() if node is None else {*node.held, *node.others}

    def connect(self, one: NodeKey, other: NodeKey, evidence: Evidence) -> None:
        """Make or renew the edge between two known nodes."""
        holder, far = (one, other) if one < other else (other, one)
        node = self.known(holder)
        if far not in node.held:
            far_node = self.known(far)
            far_node.others.append(holder)
            self.put(far, far_node)
        node.held[far] = evidence
        self.put(holder, node)

    def disconnect(self, one: NodeKey, other: NodeKey) -> None:
        """Forget the edge between two known nodes."""
        holder, far = (one, other) if one < other else (other, one)
        node, far_node = self.known(holder), self.known(far)
        del node.held[far]
        far_node.others.remove(holder)
        self.put(holder, node)
        self.put(far, far_node)

    def put(self, key: bytes, value: Any) -> None:
        """Change a node, a member list or raw bytes; None deletes."""
        self._values[key] = value
        self._changed[key] = None

    def put_members(self, group: Group) -> None:
        """A person of one node needs no list."""
        self.put(members_key(group.user), group.members if len(group.members) > 1 else None)

    def raw(self, key: bytes) -> bytes | None:
        """A loaded value of the log's own bookkeeping."""
        found: bytes | None = self._values[key]
        return found

    def states(self) -> list[tuple[bytes, bytes | None]]:
        """Everything that changed, each key once."""
        return [(key, _packed(key, self._values[key])) for key in self._changed]


def _unpacked(key: bytes, raw: bytes) -> Any:
    try:
        if key[0] in NODE_LETTERS:
            return unpack_node(raw)
        return unpack_members(raw) if key[:1] == MEMBERS_LETTER else raw
    except msgspec.MsgspecError as error:
        raise CorruptState(f"identity state: a record cannot be read ({error}); delete the state folder") from error


def _packed(key: bytes, value: Any) -> bytes | None:
    if value is None:
        return None
    if key[0] in NODE_LETTERS:
        return pack_node(value)
    return pack_members(value) if key[:1] == MEMBERS_LETTER else bytes(value)
