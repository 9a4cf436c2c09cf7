"""The vector work of a batch: decayed sums of many accounts in a few operations.

S ← S · decay + Σ coefficient · vector
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import factor
from streams.domain.states import AccountState, Fading

Vectors = NDArray[np.float32]
Horizon = Literal["short", "long"]

#: Sums that are added up at once: what they need fits a core's own cache.
CHUNK: Final = 64


Of = TypeVar("Of", AccountState, Fading)


@dataclass(slots=True)
class Part(Generic[Of]):
    """What a batch brings to the sums of one account, or to one of its fadings, which has a long one alone.

    short, long: a coefficient for each of the rows, which are vectors of the batch.
    """

    of: Of
    decay_short: float
    decay_long: float
    rows: list[int] = field(default_factory=list)
    short: list[float] = field(default_factory=list)
    long: list[float] = field(default_factory=list)


@dataclass(slots=True)
class AccountPart(Part[AccountState]):
    """fadings: the parts of what fades otherwise, by half-life in seconds."""

    fadings: dict[float, Part[Fading]] = field(default_factory=dict)

    @classmethod
    def aged(cls, account: AccountState, aged_s: float, half_lives_s: tuple[float, float]) -> AccountPart:
        """An account's, still empty. half_lives_s: (short, long)."""
        short_s, long_s = half_lives_s
        part = cls(account, factor(aged_s, short_s), factor(aged_s, long_s))
        for fading in account.fadings:
            part.fadings[fading.half_life_s] = Part(fading, 0.0, factor(aged_s, fading.half_life_s))
        return part


def add_vectors(parts: Sequence[AccountPart], vectors: Vectors, dim: int) -> None:
    """Bring the sums up to date, in place. vectors: float32 (B, D), of the batch."""
    _add(parts, vectors, dim, ("short", "long"))
    _add([fading for part in parts for fading in part.fadings.values()], vectors, dim, ("long",))


def _add(parts: Sequence[Part[Any]], vectors: Vectors, dim: int, horizons: Sequence[Horizon]) -> None:
    moved = [part for part in parts if part.rows or any(getattr(part.of, horizon) for horizon in horizons)]
    for start in range(0, len(moved), CHUNK):
        _add_chunk(moved[start : start + CHUNK], vectors, dim, horizons)


def _add_chunk(moved: Sequence[Part[Any]], vectors: Vectors, dim: int, horizons: Sequence[Horizon]) -> None:
    rows = [row for part in moved for row in part.rows]
    has_rows = [number for number, part in enumerate(moved) if part.rows]
    starts = np.cumsum([0, *(len(moved[number].rows) for number in has_rows[:-1])])
    contributions = vectors[rows] if rows else None
    for horizon in horizons:
        sums = _sums(moved, horizon, dim)
        if contributions is not None:
            weights = np.array([weight for part in moved for weight in getattr(part, horizon)], np.float32)
            weighted = contributions * weights[:, None]  # (R, D)
            sums[has_rows] += np.add.reduceat(weighted, starts, axis=0)  # (A, D)
        flat, width = sums.tobytes(), dim * 4
        for number, part in enumerate(moved):
            if getattr(part.of, horizon) or any(getattr(part, horizon)):  # nothing yet stays nothing
                setattr(part.of, horizon, flat[number * width : (number + 1) * width])


def _sums(moved: Sequence[Part[Any]], horizon: Horizon, dim: int) -> Vectors:
    """The sums so far, aged to their new reference times: float32 (A, D)."""
    zero = bytes(dim * 4)
    flat = b"".join([getattr(part.of, horizon) or zero for part in moved])
    decay = np.array([getattr(part, f"decay_{horizon}") for part in moved], np.float32)
    aged: Vectors = np.frombuffer(flat, np.float32).reshape(len(moved), dim) * decay[:, None]
    return aged
