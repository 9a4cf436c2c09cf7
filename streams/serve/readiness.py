"""Whether serve may be sent traffic: everything that was in the topics at the start has been read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from streams.adapters.follower_status import FollowerStatus

Report = tuple[list[str], list[str]]


class Follower(Protocol):
    """The part of a `TopicFollower` that readiness asks."""

    @property
    def topic(self) -> str:
        """What it follows."""

    def status(self) -> FollowerStatus:
        """Where it stands."""


#: Of the items, the share that may still wait for vectors of this encoder.
MAX_WAITING: Final = 0.05


class Findable(Protocol):
    """The part of an `ItemFeed` that readiness asks."""

    @property
    def n_waiting(self) -> int:
        """Items without a vector of this encoder."""


def readiness_of(
    followers: Iterable[Follower], items: Findable, n_found: Callable[[], int]
) -> Callable[[], Report]:
    """A function that tells (what is missing, what is wrong). n_found: how many items can be found.

    What is wrong with a broker later does not end readiness: answers from the local views are better than none. Nor do
    items that wait for their vectors later: they do while another encoder is taking over.
    """
    followed = tuple(followers)
    was_encoded = False

    def report() -> Report:
        nonlocal was_encoded
        missing, faults = [], []
        for follower in followed:
            status = follower.status()
            if not status.caught_up:
                left = f"{status.n_behind} records left" if status.n_behind else "not started"
                missing.append(f"{follower.topic}: {left}")
            if status.fault:
                faults.append(status.fault)
        if not was_encoded and items.n_waiting > MAX_WAITING * (items.n_waiting + n_found()):
            missing.append(
                f"{items.n_waiting} items wait for vectors of this encoder: run the catalogue stage with it too"
            )
        was_encoded = was_encoded or not missing
        return missing, faults

    return report
