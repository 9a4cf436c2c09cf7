"""People by where their lasting taste points: the index behind `similar-people`, kept in memory beside the profiles.

It holds only who allows choosing by their profile, so whoever takes that back, is erased or is merged away leaves it
with the record that says so. A profile changes with every event and its lasting direction hardly ever: a person is
indexed anew only after turning by more than `STILL` allows, and closeness is computed from the profiles themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from streams.domain.permissions import why_nothing_personal
from streams.domain.profiles import ProfileRecord
from streams.ports import NeighbourIndex, Vectors
from streams.service.similar_people import lasting_direction

#: Cosine with the indexed direction from which on a person counts as where they were.
STILL: Final = 0.995


class PeopleIndex:
    """Follows changed profiles. index: of people alone, keyed by profile id; its one writer is whoever calls `follow`.

    model: label of the vectors that are compared. recommend_default: see `permissions.why_nothing_personal`.
    """

    def __init__(self, index: NeighbourIndex, model: str, recommend_default: bool = True) -> None:
        self.index = index
        self._model = model
        self._recommend_default = recommend_default

    def follow(self, changed: Mapping[str, ProfileRecord | None]) -> None:
        """Take the newest profiles by id; None is gone."""
        directions: dict[str, Vectors] = {}
        gone: list[str] = []
        for profile_id, profile in changed.items():
            direction = None if profile is None else self._direction(profile)
            if direction is None:
                gone.append(profile_id)
            else:
                directions[profile_id] = direction
        if gone:
            self.index.delete(gone)
        turned = self._turned(directions)
        if turned:
            nothing = [""] * len(turned)
            self.index.upsert(turned, np.stack([directions[each] for each in turned]), nothing, nothing)

    def forget(self, profile_ids: Iterable[str]) -> None:
        """Let people go."""
        self.index.delete(profile_ids)

    def _direction(self, profile: ProfileRecord) -> Vectors | None:
        if why_nothing_personal(profile, self._recommend_default):
            return None
        return lasting_direction(profile, self._model, self.index.dim)

    def _turned(self, directions: Mapping[str, Vectors]) -> list[str]:
        """Who is new or points elsewhere now."""
        known, vectors = self.index.vectors_of(list(directions))
        if not known:
            return list(directions)
        cosines = np.einsum("nd,nd->n", vectors, np.stack([directions[each] for each in known]))
        still = {each for each, cosine in zip(known, cosines.tolist(), strict=True) if cosine >= STILL}
        return [each for each in directions if each not in still]
