"""How many people have to do with what: counts beside the local view of profiles, never who they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from streams.adapters.local_view import SIDE, Entry, LocalView
from streams.domain.profiles import ProfileRecord

#: Keeps these notes apart from those on items, whose keys are printable.
PREFIX: Final = b"\x02"
_BYTES: Final = 8


class RelationCounts:
    """Counts by `<relation>:<kind>:<name>`, kept in the view's own write batches, so a restart counts nobody twice."""

    def __init__(self, view: LocalView) -> None:
        self._view = view

    def of(self, relations: list[str]) -> list[int]:
        """How many people published each of the relations. Raises CorruptState."""
        raws = self._view.get_many([_key(relation) for relation in relations])
        return [0 if raw is None else int.from_bytes(raw, "big") for raw in raws]

    def changed(self, changes: Iterable[tuple[ProfileRecord | None, ProfileRecord | None]]) -> list[Entry]:
        """What to write when each first record of a pair gives way to the second; None is nobody."""
        deltas: Counter[str] = Counter()
        for before, after in changes:
            deltas.update(_held(after))
            deltas.subtract(_held(before))
        touched = [relation for relation, delta in deltas.items() if delta]
        return [
            (_key(relation), count.to_bytes(_BYTES, "big") if count > 0 else None)
            for relation, known in zip(touched, self.of(touched), strict=True)
            for count in [known + deltas[relation]]
        ]


def is_count(side_key: bytes) -> bool:
    """Whether a note of the view, its key without SIDE, is one of these."""
    return side_key.startswith(PREFIX)


def _held(profile: ProfileRecord | None) -> list[str]:
    if profile is None:
        return []
    return [f"{relation.relation}:{relation.kind}:{relation.name}" for relation in profile.relations]


def _key(relation: str) -> bytes:
    return SIDE + PREFIX + relation.encode("utf-8", "surrogatepass")
