"""A person's edges to things in the world, added up: each a decayed sum with the latest event that made it.

The sum is that of `decay`: additive at a reference time, so any order, any batching and any merge of distinct events
give the same edges (up to float rounding) while no more are known than are kept. Beyond that bound an edge that was
pushed out and comes back starts again, as tags do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final

import msgspec

from streams.domain.decay import DAY_S, factor
from streams.domain.edges import Edge
from streams.domain.heaviest import heaviest

#: More would be most of what an edge takes.
MAX_EVIDENCE: Final = 1
#: Weights are kept in units of their own and aged by one factor; below this the units are begun anew.
MIN_SCALE: Final = 2.0**-256
#: What is left of an edge that was taken back is rounding.
MIN_SHARE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class RelationRules:
    """Half-life in seconds; max_edges of an account, those of the most mass."""

    half_life_s: float = 60 * DAY_S
    max_edges: int = 16


class EdgeEvidence(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """An event that made an edge, at its event time."""

    at_s: float
    event_id: bytes


class EdgeState(msgspec.Struct, array_like=True, gc=False):
    """A decayed edge, in units of its account's scale. weight: sum of signed weights; mass: of absolute ones.

    evidence: the latest event by (time, id).
    """

    weight: float
    mass: float
    support: int
    first_s: float
    last_s: float
    evidence: tuple[EdgeEvidence, ...] = ()


class Relations(msgspec.Struct, array_like=True):
    """All edges of one account by key. scale: what one unit of their weights is worth at reference_s."""

    reference_s: float = 0.0
    scale: float = 1.0
    edges: dict[str, EdgeState] = {}

    def is_sound(self) -> bool:
        """Whether everything else here can be done with it: keys of three parts, a scale to divide by."""
        return 0.0 < self.scale < inf and isfinite(self.reference_s) and all(key.count(":") > 1 for key in self.edges)


def add(
    relations: Relations, half_life_s: float, by: EdgeEvidence, edges: Sequence[Edge], times: float = 1.0
) -> None:
    """Fold one event's edges in, in place; event times may come in any order, an event must come once.

    times: what their weights are multiplied by. Bounds nothing: see `keep_heaviest`.
    """
    if not edges:
        return
    at_s = by.at_s
    _age(relations, half_life_s, at_s)
    scale = times * factor(relations.reference_s - at_s, half_life_s) / relations.scale
    known = relations.edges
    for edge in edges:
        weight, key = edge.weight * scale, edge.key
        held = known.get(key)
        if held is None:
            known[key] = EdgeState(weight, abs(weight), 1, at_s, at_s, (by,))
            continue
        held.weight += weight
        held.mass += abs(weight)
        held.support += 1
        if at_s > held.last_s:
            held.last_s = at_s
            held.evidence = (*held.evidence, by)[-MAX_EVIDENCE:]
        else:
            held.first_s = min(held.first_s, at_s)
            held.evidence = _latest((*held.evidence, by))


def keep_heaviest(relations: Relations, max_edges: int) -> None:
    """Let the lightest edges go, in place, where there are more than that."""
    relations.edges = heaviest(relations.edges, max_edges)


def merge(relations: Relations, rules: RelationRules, other: Relations, share: float = 1.0) -> None:
    """Add another account's edges, in place, by their share of a view; the other stays as it was."""
    if not other.edges:
        return
    _age(relations, rules.half_life_s, other.reference_s)
    scale = share * other.scale * factor(relations.reference_s - other.reference_s, rules.half_life_s) / relations.scale
    for key, edge in other.edges.items():
        _join(relations, key, _scaled(edge, scale))
    keep_heaviest(relations, rules.max_edges)


def strongest(relations: Relations, n_edges: int) -> list[tuple[str, EdgeState]]:
    """The edges that hold, heaviest first and equals by key, with weights at the reference time.

    An edge that was taken back as far as it was made holds no longer.
    """
    held = [(key, edge) for key, edge in relations.edges.items() if edge.weight > MIN_SHARE * edge.mass]
    held.sort(key=lambda each: (-each[1].weight, each[0]))
    return [(key, _scaled(edge, relations.scale)) for key, edge in held[:n_edges]]


def split_key(key: str) -> tuple[str, str, str]:
    """(relation, kind, name) of an edge's key.

    >>> split_key("likes:brand:acme: pro")
    ('likes', 'brand', 'acme: pro')
    """
    relation, kind, name = key.split(":", 2)
    return relation, kind, name


def _age(relations: Relations, half_life_s: float, at_s: float) -> None:
    """Bring the reference time to `at_s` if that is later."""
    if not relations.edges:
        relations.reference_s, relations.scale = at_s, 1.0
    elif at_s > relations.reference_s:
        relations.scale *= factor(at_s - relations.reference_s, half_life_s)
        relations.reference_s = at_s
        if relations.scale < MIN_SCALE:
            relations.edges = {key: _scaled(edge, relations.scale) for key, edge in relations.edges.items()}
            relations.scale = 1.0


def _scaled(edge: EdgeState, scale: float) -> EdgeState:
    return EdgeState(
        edge.weight * scale, edge.mass * scale, edge.support, edge.first_s, edge.last_s, edge.evidence
    )  # fmt: skip


def _join(relations: Relations, key: str, more: EdgeState) -> None:
    edge = relations.edges.get(key)
    if edge is None:
        relations.edges[key] = more
        return
    edge.weight += more.weight
    edge.mass += more.mass
    edge.support += more.support
    edge.first_s = min(edge.first_s, more.first_s)
    edge.last_s = max(edge.last_s, more.last_s)
    edge.evidence = _latest((*edge.evidence, *more.evidence))


def _latest(evidence: tuple[EdgeEvidence, ...]) -> tuple[EdgeEvidence, ...]:
    return tuple(sorted(set(evidence))[-MAX_EVIDENCE:])
