"""What an account keeps where it may not keep everything: the entries that were said last."""

from __future__ import annotations

from typing import Protocol, TypeVar


class Dated(Protocol):
    """at_s: when it was said, UTC seconds."""

    @property
    def at_s(self) -> float:
        """See the class."""


Entry = TypeVar("Entry", bound=Dated)


def latest(held: dict[str, Entry], most: int) -> dict[str, Entry]:
    """The same where there are no more than `most`; else those said last, and of equals those first by name.

    Where each entry is the newest of its name, keeping so many after every word is keeping them after the last one.
    """
    if len(held) <= most:
        return held
    return dict(sorted(held.items(), key=lambda each: (-each[1].at_s, each[0]))[:most])
