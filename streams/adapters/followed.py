"""What a worker's local views have in common: each follows its topic by itself, from where its folder stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from streams.adapters.topic_follower import Sink, TopicFollower
from streams.ports import Clock


@dataclass(frozen=True)
class Feeding:
    """clock: the wall clock. on_death: told of an error that ended the following.

    max_away_s: a view that was last written longer ago begins empty (`LocalView`).
    """

    clock: Clock
    on_death: Callable[[BaseException], None] | None = None
    max_away_s: float = float("inf")


class _View(Sink, Protocol):
    def close(self) -> None:
        """Release the folder."""


class Followed:
    """A view and the thread that feeds it."""

    def __init__(self, view: _View, config: Mapping[str, object], topic: str, feeding: Feeding) -> None:
        self._followed_view = view
        self._follower = TopicFollower(config, topic, view, feeding.clock, feeding.on_death)

    def start(self) -> None:
        """Begin to follow; returns at once."""
        self._follower.start()

    def wait_until_caught_up(self, timeout_s: float) -> bool:
        """Whether everything that was in the topic at the start is here; blocks up to `timeout_s`."""
        return self._follower.wait_until_caught_up(timeout_s)

    def stop(self) -> None:
        """End the thread and release the folder."""
        self._follower.stop()
        self._followed_view.close()
