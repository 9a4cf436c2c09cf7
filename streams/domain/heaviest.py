"""What an account keeps where it may not keep everything: the entries of the most mass."""

from __future__ import annotations

from typing import Protocol, TypeVar


class Weighed(Protocol):
    """mass: decayed sum of absolute weights."""

    mass: float


Entry = TypeVar("Entry", bound=Weighed)


def heaviest(held: dict[str, Entry], most: int) -> dict[str, Entry]:
    """The same where there are no more than `most`; else the heaviest, and of equals those first by name."""
    if len(held) <= most:
        return held
    return dict(sorted(held.items(), key=lambda each: (-each[1].mass, each[0]))[:most])
