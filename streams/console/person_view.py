"""What the page of one person shows: every value with the events that made it."""

from __future__ import annotations

import msgspec

from streams.domain.events import TraitValue
from streams.domain.profiles import Consent, Quality


class Happened(msgspec.Struct, frozen=True):
    """An event as evidence. title: of its item. contribution: its part of the value, None where no part is kept."""

    id: str
    type: str
    platform: str
    item: str
    title: str
    time: float
    weight: float
    contribution: float | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Something with its evidence; where contributions are told, value = Σ contributions + others."""

    events: list[Happened]
    others: float | None = None


class ShownInterest(Shown, frozen=True, kw_only=True):
    """An interest kept apart from the others. share: of the mass of all interests."""

    label: str
    mass: float
    share: float
    platforms: dict[str, float]


class ShownTag(Shown, frozen=True, kw_only=True):
    """An interest in words. part: of the largest absolute score, in [0, 1]."""

    tag: str
    kind: str
    score: float
    part: float
    polarity: float
    support: int
    first_seen: float
    last_seen: float
    platforms: dict[str, float]


class ShownPlatform(Shown, frozen=True, kw_only=True):
    """What a platform brought: its mass is the sum of absolute contributions."""

    platform: str
    share: float
    mass: float
    n_events: int
    counts: dict[str, int]
    first_seen: float
    last_seen: float


class ShownEntity(Shown, frozen=True, kw_only=True):
    """How the person speaks of one thing."""

    entity: str
    kind: str
    score: float
    n: int
    last_seen: float


class ShownSentiment(Shown, frozen=True, kw_only=True):
    """How the person's own words feel."""

    score: float
    positive: float
    neutral: float
    negative: float
    n: int
    entities: list[ShownEntity]


class ShownIntent(Shown, frozen=True, kw_only=True):
    """What the latest session is about."""

    kind: str
    confidence: float
    started_at: float
    ended_at: float


class ShownSegment(msgspec.Struct, frozen=True):
    """rule: in words, empty where serve does not know the rules."""

    id: str
    entered_at: float
    rule: str


class ShownRelation(Shown, frozen=True, kw_only=True):
    """What the person has to do with one thing."""

    relation: str
    kind: str
    name: str
    weight: float
    support: int
    first_seen: float
    last_seen: float


class ShownTrait(Shown, frozen=True, kw_only=True):
    """Something about the person."""

    name: str
    value: TraitValue
    source: str
    confidence: float
    observed_at: float
    platform: str


class ShownExperiment(Shown, frozen=True, kw_only=True):
    """The variant that the person was given."""

    name: str
    variant: str
    at: float


class ShownAccount(Shown, frozen=True, kw_only=True):
    """An account by its keyed hash. joined_at_revision: as far as the timeline goes back, else None."""

    platform: str
    account: str
    first_seen: float
    last_seen: float
    joined_at_revision: int | None


class ShownConsent(msgspec.Struct, frozen=True):
    """consent: None where nobody said anything and the operator's default holds."""

    purpose: str
    consent: Consent | None


class PersonView(msgspec.Struct, frozen=True):
    """The whole screen. mass: of all platforms, decayed."""

    profile_id: str
    revision: int
    updated_at: float
    as_of: float
    n_events: int
    change: str
    model: str
    mass: float
    interests: list[ShownInterest]
    tags: list[ShownTag]
    platforms: list[ShownPlatform]
    sentiment: ShownSentiment | None
    intent: ShownIntent | None
    segments: list[ShownSegment]
    relations: list[ShownRelation]
    traits: list[ShownTrait]
    experiments: list[ShownExperiment]
    accounts: list[ShownAccount]
    consents: list[ShownConsent]
    personalised: bool
    blocked_tags: list[str]
    quality: Quality


class UnknownPerson(msgspec.Struct, frozen=True):
    """Nobody of this id."""

    profile_id: str
    code: str
    message: str
    remedy: str
