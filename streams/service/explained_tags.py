"""Why a tag has its score: what each event that is still listed brought, and what those before them left.

    score = Σ contributions of the listed events + earlier
    contribution = weight of the event · 2^(−(as_of − time) / half-life of its action) · weight of its platform

which is the half-life law that made the score (`streams/domain/decay.py`), so `earlier` is 0 up to rounding as long as
every event of a tag is listed. It holds whatever nobody can name any more: events beyond the listed ones, and those
that were taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from streams.domain.decay import DAY_S, HalfLives, factor
from streams.domain.profiles import Evidence, Tag

#: Polarity from which on somebody likes or dislikes something and is not of two minds.
PLAIN: Final = 0.5


@dataclass(frozen=True)
class TagDecay:
    """How the published tags were summed. platform_weights: part of each in the unified view, 1 where not named."""

    half_lives_s: HalfLives = field(default_factory=lambda: HalfLives(60 * DAY_S))
    platform_weights: Mapping[str, float] = field(default_factory=dict)


class TagEvent(msgspec.Struct, frozen=True):
    """An event and what it brought. weight: signed, when it happened; contribution: what is left of it in the score."""

    id: str
    type: str
    platform: str
    weight: float
    time: float
    contribution: float


class ExplainedTag(msgspec.Struct, frozen=True):
    """A published tag with the sum that makes its score.

    words: it in a sentence. evidence: the listed events, latest first; score = Σ contributions + earlier. platforms:
    what each brought, which adds up to the score too.
    """

    tag: str
    kind: str
    score: float
    polarity: float
    support: int
    first_seen: float
    last_seen: float
    platforms: dict[str, float]
    words: str
    evidence: list[TagEvent]
    earlier: float


def explained(tag: Tag, as_of_s: float, decay: TagDecay) -> ExplainedTag:
    """The tag of a profile as of a time (UTC seconds)."""
    events = [_event(each, as_of_s, decay) for each in tag.evidence]
    return ExplainedTag(
        tag=tag.tag,
        kind=tag.kind,
        score=tag.score,
        polarity=tag.polarity,
        support=tag.support,
        first_seen=tag.first_seen,
        last_seen=tag.last_seen,
        platforms=tag.platforms,
        words=_words(tag),
        evidence=events,
        earlier=tag.score - sum(event.contribution for event in events),
    )


def _event(evidence: Evidence, as_of_s: float, decay: TagDecay) -> TagEvent:
    platform = evidence.type.partition(".")[0]
    left = factor(max(0.0, as_of_s - evidence.time), decay.half_lives_s[evidence.type])
    contribution = evidence.weight * left * decay.platform_weights.get(platform, 1.0)
    return TagEvent(evidence.id, evidence.type, platform, evidence.weight, evidence.time, contribution)


def _words(tag: Tag) -> str:
    """One sentence, such as: likes the topic trail running, by 3 events on shop and social."""
    verb = "likes" if tag.polarity >= PLAIN else "dislikes" if tag.polarity <= -PLAIN else "is of two minds about"
    platforms = sorted(tag.platforms, key=lambda name: (-abs(tag.platforms[name]), name))
    events = f"{tag.support} event{'s' * (tag.support != 1)}"
    return f"{verb} the {tag.kind} {tag.tag}, by {events} on {' and '.join(platforms)}"
