"""The published relations: the edges of all accounts of a person, added up as of one time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from streams.domain import relations
from streams.domain.decay import factor
from streams.domain.profiles import Relation
from streams.domain.relations import EdgeState, RelationRules, Relations, split_key

MAX_PUBLISHED: Final = 12


class EdgeShare(NamedTuple):
    """One account's part of a view. share: what its platform weighs there, 0 leaves it out."""

    relations: Relations
    share: float


def relations_of(
    shares: Sequence[EdgeShare], as_of_s: float, half_life_s: float, blocked: frozenset[str] = frozenset()
) -> list[Relation]:
    """The heaviest, weights as of `as_of_s` (not before any of the edges). blocked: `<kind>:<name>` not to be seen."""
    felt = [share for share in shares if share.share > 0.0 and share.relations.edges]
    if not felt:
        return []
    together = felt[0].relations
    if len(felt) > 1 or felt[0].share != 1.0:
        together = Relations()
        everything = RelationRules(half_life_s, sum(len(share.relations.edges) for share in felt))
        for share in felt:
            relations.merge(together, everything, share.relations, share.share)
    aged = factor(max(0.0, as_of_s - together.reference_s), half_life_s)
    listed = relations.strongest(together, MAX_PUBLISHED + len(blocked))
    told = [(key, edge) for key, edge in listed if key.partition(":")[2] not in blocked]
    return [_published(key, edge, aged) for key, edge in told[:MAX_PUBLISHED]]


def _published(key: str, edge: EdgeState, aged: float) -> Relation:
    relation, kind, name = split_key(key)
    return Relation(
        relation=relation,
        kind=kind,
        name=name,
        weight=edge.weight * aged,
        support=edge.support,
        first_seen=edge.first_s,
        last_seen=edge.last_s,
        evidence=[each.event_id.hex() for each in edge.evidence],
    )
