"""Whether serve may be sent traffic: everything that was in the topics at the start has been read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from streams.adapters.follower_status import FollowerStatus

Report = tuple[list[str], list[str]]


class Follower(Protocol):
    """The part of a `TopicFollower` that readiness asks."""

    @property
    def topic(self) -> str:
        """What it follows."""

    def status(self) -> FollowerStatus:
        """Where it stands."""


def readiness_of(followers: Iterable[Follower]) -> Callable[[], Report]:
    """A function that tells (what is missing, what is wrong).

    What is wrong with a broker later does not end readiness: answers from the local views are better than none.
    """
    followed = tuple(followers)

    def report() -> Report:
        missing, faults = [], []
        for follower in followed:
            status = follower.status()
            if not status.caught_up:
                left = f"{status.n_behind} records left" if status.n_behind else "not started"
                missing.append(f"{follower.topic}: {left}")
            if status.fault:
                faults.append(status.fault)
        return missing, faults

    return report
