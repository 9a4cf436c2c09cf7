"""Ids under a new secret: each node is told once which one it is and stays.

A command that names the new one means the old one from then on. Two accounts that are one become one person besides,
by an ordinary merge, so that what a worker with the new secret alone kept meanwhile is not lost; no unlink parts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streams.domain.identity_graph import Graph
from streams.domain.identity_keys import NodeKey, is_account


def stored_nodes(graph: Graph, nodes: Sequence[NodeKey]) -> tuple[NodeKey, ...]:
    """What the nodes are stored as, each once, in their order; loads what it needs."""
    graph.load(nodes)
    found = [graph.node(node) for node in nodes]
    known = tuple(
        NodeKey(node.known_as) if node is not None and node.known_as else key
        for key, node in zip(nodes, found, strict=True)
    )
    graph.load(known)
    return tuple(dict.fromkeys(known))


def is_same(graph: Graph, one: NodeKey, other: bytes) -> bool:
    """Whether an edge joins an account, loaded, with itself under another secret."""
    node = graph.known(one)
    return node.known_as == other or other in node.names


def name_identifiers(graph: Graph, rotations: Iterable[tuple[NodeKey, NodeKey]], first_known: int) -> bool:
    """Remember which identifiers the current keys stand for; whether anything was new.

    An identifier that was linked under both keys already stays two: only a secret that was changed without its
    forerunner comes to that.
    """
    is_new = False
    for current, stored in rotations:
        graph.load((current, stored))
        (known,) = stored_nodes(graph, (stored,))
        if known == current or graph.node(current) is not None:
            continue
        graph.ensure(known, first_known)
        graph.ensure(current, first_known)
        _name(graph, current, known)
        is_new = True
    return is_new


def name_account(graph: Graph, current: NodeKey, stored: NodeKey, first_known: int) -> None:
    """The same for an account. The stored one counts as known longer, so that the person keeps its user key."""
    assert is_account(current)
    graph.ensure(stored, first_known)
    graph.ensure(current, first_known + 1)
    _name(graph, current, stored)


def _name(graph: Graph, current: NodeKey, stored: NodeKey) -> None:
    new, old = graph.known(current), graph.known(stored)
    new.known_as = stored
    old.names.append(current)
    graph.put(current, new)
    graph.put(stored, old)
