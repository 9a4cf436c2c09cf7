"""What people made of what serve answered, out of the profiles that serve follows, into the live ranker.

Whatever somebody newly takes to or refuses may be feedback: the ranker knows what it answered. Who does not want to be
chosen for, or learnt from, teaches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from streams.domain.actions import action_of
from streams.domain.permissions import allows, why_nothing_personal
from streams.domain.profiles import ProfileRecord, RecentEvent
from streams.ranking.feedback import Feedback, Kind, Shown
from streams.ranking.touch_weights import touch_weight
from streams.telemetry import metrics

SHOWN: Final = "recommendation.shown"
_KINDS: Final[Mapping[str, Kind]] = {
    "recommendation.clicked": "clicked",
    "order.completed": "bought",
    "booking.completed": "bought",
}


class FeedbackSink(Protocol):
    """The part of `ranking.live.LiveRanker` that learns."""

    def shown(self, told: Sequence[Shown]) -> Sequence[Shown]:
        """Take in how much of the answers people saw; those that met an answer."""

    def feedback(self, told: Sequence[Feedback]) -> Sequence[Feedback]:
        """Learn; those that taught something."""

    def weights(self) -> Mapping[str, Mapping[str, float]]:
        """By platform and source."""


class FeedbackFeed:
    """Tells a ranker, in memory, of every change. recommend_default, train_default: while nobody said anything."""

    def __init__(self, ranker: FeedbackSink, recommend_default: bool = True, train_default: bool = True) -> None:
        self._ranker = ranker
        self._recommend_default = recommend_default
        self._train_default = train_default

    def profiles_changed(self, changes: Sequence[tuple[ProfileRecord | None, ProfileRecord | None]]) -> None:
        """Each first record of a pair gave way to the second; None is nobody."""
        shown: list[Shown] = []
        told: list[Feedback] = []
        for before, after in changes:
            if after is not None and after.change.kind == "update" and self._may_teach(after):
                shown += _shown(before, after)
                told += _feedback(before, after)
        # What was shown first: it says among how many something was taken.
        met = self._ranker.shown(shown) if shown else []
        learnt = self._ranker.feedback(sorted(told, key=_time_and_item)) if told else []
        for kind in [*("shown" for _ in met), *(each.kind for each in learnt)]:
            metrics.FEEDBACK.labels(kind).inc()

    def refresh_gauges(self) -> None:
        """Publish the weights."""
        metrics.RANKING_WEIGHT.clear()
        for platform, weights in self._ranker.weights().items():
            for source, weight in weights.items():
                metrics.RANKING_WEIGHT.labels(platform, source).set(weight)

    def _may_teach(self, profile: ProfileRecord) -> bool:
        if why_nothing_personal(profile, self._recommend_default):
            return False
        return allows(profile, "train", self._train_default)


def _shown(before: ProfileRecord | None, after: ProfileRecord) -> Iterable[Shown]:
    """A profile counts what was shown; an event that moves nothing is not among its recent ones."""
    for platform, block in after.platforms.items():
        known = None if before is None else before.platforms.get(platform)
        kind = f"{platform}.{SHOWN}"
        n = block.counts.get(kind, 0) - (0 if known is None else known.counts.get(kind, 0))
        if n > 0:
            yield Shown(_accounts(after, platform), platform, n, after.as_of)


def _feedback(before: ProfileRecord | None, after: ProfileRecord) -> Iterable[Feedback]:
    known = set() if before is None else {event.id for event in before.recent}
    on = {account.platform for account in after.identity.accounts}
    for event in after.recent:
        if event.item and event.weight and event.id not in known and event.platform in on:
            weight = touch_weight(abs(event.weight))
            yield Feedback(_accounts(after, event.platform), event.item, _kind(event), event.time, weight)


def _kind(event: RecentEvent) -> Kind:
    if event.weight < 0.0:
        return "dismissed"
    return _KINDS.get(action_of(event.type), "liked")


def _accounts(profile: ProfileRecord, platform: str) -> tuple[str, ...]:
    """Those on the platform first: an event does not say whose it was."""
    accounts = sorted(profile.identity.accounts, key=lambda account: account.platform != platform)
    return tuple(account.account for account in accounts)


def _time_and_item(told: Feedback) -> tuple[float, str]:
    return told.at_s, told.item
