"""The similar-people use case: who else has a lasting taste like somebody's, under pseudonyms, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from streams.domain.permissions import why_nothing_personal
from streams.domain.profiles import ProfileRecord
from streams.ports import NeighbourIndex, Vectors

MAX_TAGS: Final = 5
#: Looked at for each one asked for: indexed directions are a little old, and some people may be out of scope.
CANDIDATES_PER_K: Final = 4
BASIS: Final = "cosine of the lasting averages of both profiles; both people allow choosing by their profiles"
NOTHING_LASTING: Final = "the profile holds nothing yet that people could be compared by"


class SimilarPerson(msgspec.Struct, frozen=True):
    """closeness: cosine of the two lasting vectors, in [-1, 1]. tags: what both like, in words, strongest first."""

    profile_id: str
    closeness: float
    tags: list[str]


class SimilarPeople(msgspec.Struct, frozen=True):
    """Closest first. basis says in words what it rests on, or why nobody is named."""

    profile_id: str
    revision: int
    basis: str
    people: list[SimilarPerson]


@dataclass(frozen=True)
class SimilarFinder:
    """Any number of threads may call it.

    index: of people, by profile id. find: the newest profile of an id, or None. model: label of the vectors compared.
    """

    index: NeighbourIndex
    find: Callable[[str], ProfileRecord | None]
    model: str
    recommend_default: bool = True

    def similar(self, profile: ProfileRecord, k: int, platforms: Collection[str] = ()) -> SimilarPeople:
        """At most k others. platforms: only people with an account on one of them; empty = anybody.

        Closeness is that of the profiles as they are, the index only proposes.
        """
        refusal = why_nothing_personal(profile, self.recommend_default)
        if refusal:
            return SimilarPeople(profile.profile_id, profile.revision, refusal, [])
        own = lasting_direction(profile, self.model, self.index.dim)
        if own is None:
            return SimilarPeople(profile.profile_id, profile.revision, NOTHING_LASTING, [])
        (near,) = self.index.search(own[None], CANDIDATES_PER_K * k, exclude=(profile.profile_id,))
        others = [self._compared(profile, own, neighbour.key, platforms) for neighbour in near]
        found = sorted([other for other in others if other is not None], key=_closest_first)
        return SimilarPeople(profile.profile_id, profile.revision, BASIS, found[:k])

    def _compared(
        self, profile: ProfileRecord, own: Vectors, profile_id: str, platforms: Collection[str]
    ) -> SimilarPerson | None:
        """None for somebody who left, turned the comparison off or is out of scope since the index heard of them."""
        other = self.find(profile_id)
        if other is None or why_nothing_personal(other, self.recommend_default):
            return None
        if platforms and other.platforms.keys().isdisjoint(platforms):
            return None
        direction = lasting_direction(other, self.model, self.index.dim)
        if direction is None:
            return None
        return SimilarPerson(profile_id, round(float(own @ direction), 4), _shared(profile, other))


def lasting_direction(profile: ProfileRecord, model: str, dim: int) -> Vectors | None:
    """The long-horizon vector float32 (D,), unit norm; None where there is none or another model made it."""
    raw = profile.vectors.long
    if profile.model.label != model or len(raw) != 2 * dim:
        return None
    vector = np.frombuffer(raw, np.float16).astype(np.float32)
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm > 0.0 else None


def _shared(one: ProfileRecord, other: ProfileRecord) -> list[str]:
    """Tags that both like, by the part that they have in the less devoted of the two."""
    ones, others = _liked(one), _liked(other)
    shared = sorted(ones.keys() & others.keys(), key=lambda tag: (-min(ones[tag], others[tag]), tag))
    return list(dict.fromkeys(tag.partition(":")[2] for tag in shared))[:MAX_TAGS]


def _liked(profile: ProfileRecord) -> dict[str, float]:
    """Part of the liking by tag."""
    liked = {f"{tag.kind}:{tag.tag}": tag.score for tag in profile.tags if tag.score > 0.0}
    total = sum(liked.values())
    return {tag: score / total for tag, score in liked.items()}


def _closest_first(person: SimilarPerson) -> tuple[float, str]:
    return -person.closeness, person.profile_id
