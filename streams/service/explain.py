"""The explain use case: what a profile holds and which events made it, in words, and sums that add up."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.decay import factor
from streams.domain.item_entries import ItemEntry
from streams.domain.profiles import ProfileRecord, RecentEvent
from streams.service.explained_tags import ExplainedTag, TagDecay, explained
from streams.service.tastes import Interest, Items, TasteReader

NOTE: Final = (
    "Weights say how much each event contributed to this profile. Contribution is not cause: "
    "they do not say why the person acted, nor what the person would have done otherwise."
)
MAX_TAGS: Final = 20
MAX_EVENTS: Final = 5
WORDS: Final = 3


class ExplainedEvent(msgspec.Struct, frozen=True):
    """An event and how much it contributed. weight: signed, as when it happened; contribution: what is left of it."""

    event_id: str
    type: str
    platform: str
    title: str
    weight: float
    time: float
    contribution: float


class ExplainedInterest(msgspec.Struct, frozen=True):
    """An interest of recent events; mass = Σ contributions of the listed events + others.

    share: part of the mass of all interests, in [0, 1]. polarity: mass over liking and disliking together, in (0, 1].
    platforms: what was liked on each. others: events that are not listed, less what the person disliked close by.
    """

    label: str
    mass: float
    share: float
    polarity: float
    platforms: dict[str, float]
    events: list[ExplainedEvent]
    others: float


class PlatformShare(msgspec.Struct, frozen=True):
    """How much a platform counts in the unified view."""

    platform: str
    share: float
    mass: float
    n_events: int


class Explanation(msgspec.Struct, frozen=True):
    """A profile for people. summary and note are English sentences."""

    profile_id: str
    revision: int
    summary: str
    note: str
    interests: list[ExplainedInterest]
    tags: list[ExplainedTag]
    platforms: list[PlatformShare]


class Explainer:
    """Any number of threads may call it. decay: how the tags were summed where profiles are made."""

    def __init__(self, tastes: TasteReader, items: Items, decay: TagDecay | None = None) -> None:
        self._tastes = tastes
        self._items = items
        self._decay = decay or TagDecay()

    def explain(self, profile: ProfileRecord) -> Explanation:
        """Tags and interests with the events behind them, and what each platform brought."""
        interests = self._interests(profile)
        platforms = [
            PlatformShare(name, block.share, block.mass, sum(block.counts.values()))
            for name, block in sorted(profile.platforms.items(), key=lambda entry: (-entry[1].share, entry[0]))
        ]
        tags = [explained(tag, profile.as_of, self._decay) for tag in profile.tags[:MAX_TAGS]]
        summary = _summary(profile, interests, tags, platforms)
        return Explanation(profile.profile_id, profile.revision, summary, NOTE, interests, tags, platforms)

    def _interests(self, profile: ProfileRecord) -> list[ExplainedInterest]:
        interests = self._tastes.read(profile).interests
        total = sum(interest.mass for interest in interests)
        return [self._interest(interest, profile.as_of, total) for interest in interests]

    def _interest(self, interest: Interest, as_of_s: float, total: float) -> ExplainedInterest:
        half_life_s = self._tastes.rules.half_life_s
        left = [event.weight * factor(max(0.0, as_of_s - event.time), half_life_s) for event in interest.events]
        platforms: dict[str, float] = {}
        for event, contribution in zip(interest.events, left, strict=True):
            platforms[event.platform] = platforms.get(event.platform, 0.0) + contribution
        liked = max(sum(left), interest.mass)  # what is missing of it was disliked
        return ExplainedInterest(
            label=interest.label,
            mass=interest.mass,
            share=interest.mass / total,
            polarity=interest.mass / (2.0 * liked - interest.mass),
            platforms=platforms,
            events=self._events(interest.events[:MAX_EVENTS], left),
            others=interest.mass - sum(left[:MAX_EVENTS]),
        )

    def _events(self, shown: tuple[RecentEvent, ...], left: list[float]) -> list[ExplainedEvent]:
        entries = self._items.entries_of([event.item for event in shown])
        return [
            ExplainedEvent(event.id, event.type, event.platform, _title(entry), event.weight, event.time, contribution)
            for event, entry, contribution in zip(shown, entries, left, strict=False)
        ]


def _title(entry: ItemEntry | None) -> str:
    return "" if entry is None else entry.item.title


def _summary(
    profile: ProfileRecord, interests: list[ExplainedInterest], tags: list[ExplainedTag], platforms: list[PlatformShare]
) -> str:
    n = profile.events_applied
    parts = [f"This profile rests on {n} event{'s' * (n != 1)} from {_listed([p.platform for p in platforms])}."]
    if labels := list(dict.fromkeys(interest.label for interest in interests if interest.label)):
        parts.append(f"The strongest interests are {_listed(labels[:WORDS])}.")
    elif liked := list(dict.fromkeys(tag.tag for tag in tags if tag.score > 0.0)):
        parts.append(f"The strongest tags are {_listed(liked[:WORDS])}.")
    if disliked := list(dict.fromkeys(tag.tag for tag in tags if tag.score < 0.0)):
        parts.append(f"The person turned away from {_listed(disliked[:WORDS])}.")
    if profile.quality.cold_start:
        parts.append("It is a first guess, made from very little.")
    return " ".join(parts)


def _listed(words: list[str]) -> str:
    """Words as people list them.

    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(words) < 2:
        return "".join(words) or "nowhere"
    return f"{', '.join(words[:-1])} and {words[-1]}"
