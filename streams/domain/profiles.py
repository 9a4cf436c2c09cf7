"""The published profile: what the `profiles` topic and the API hand out.

The record is a MessagePack map (`docs/contracts.md`, `docs/schemas/profile.json`). Vectors are float16 bytes of unit L2
norm, or empty where there is nothing to point at. Never a raw platform id, never raw text.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from streams.domain.events import TraitValue
from streams.domain.intents import Intent

PROFILE_SCHEMA_VERSION = 1


class Model(msgspec.Struct, frozen=True):
    """The encoder that made the vectors; vectors of different (name, version) must not be compared."""

    name: str
    version: str
    dim: int

    @property
    def label(self) -> str:
        """`<name>@<version>`, as item records carry it."""
        return f"{self.name}@{self.version}"


class Change(msgspec.Struct, frozen=True):
    """Why this revision exists. kind: update, merge, split, erase, expire or reencode.

    entered, left: ids of the segments that the person is in since this revision, or not any more.
    """

    kind: str
    trigger_ids: list[str]
    entered: list[str] = []
    left: list[str] = []


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A segment that the person is in. entered_at: UTC seconds, kept while the person stays."""

    id: str
    entered_at: float


class Account(msgspec.Struct, frozen=True, gc=False):
    """An account of the person; account is its keyed hash."""

    platform: str
    account: str
    first_seen: float
    last_seen: float


class Identity(msgspec.Struct, frozen=True):
    """The person's accounts; merged_into names the living profile when this one is gone."""

    accounts: list[Account]
    merged_into: str | None = None


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """An event that made a value: its id (hash), type, signed weight and time."""

    id: str
    type: str
    weight: float
    time: float


class Tag(msgspec.Struct, frozen=True, gc=False):
    """An interest in words. score: signed decayed weight; polarity: score over absolute mass, in [-1, 1]."""

    tag: str
    kind: str
    score: float
    polarity: float
    support: int
    first_seen: float
    last_seen: float
    platforms: dict[str, float]
    evidence: list[Evidence]


class EntitySentiment(msgspec.Struct, frozen=True, gc=False):
    """How the person's own words feel about one thing. score: decayed mean in [-1, 1]; n: texts that spoke of it."""

    entity: str
    kind: str
    score: float
    n: int
    last_seen: float


class Sentiment(msgspec.Struct, frozen=True, gc=False):
    """What the person's own words feel like, decayed. score: mean in [-1, 1]. The three shares sum to 1.

    n: texts read. entities: by what is spoken of, most spoken of first.
    """

    score: float
    positive: float
    neutral: float
    negative: float
    n: int
    entities: list[EntitySentiment] = []


class Relation(msgspec.Struct, frozen=True, gc=False):
    """What the person has to do with one thing. relation: views, buys, likes or dislikes. weight: decayed, above 0.

    kind: brand, product, topic, place or person. evidence: id of the latest event that made it.
    """

    relation: str
    kind: str
    name: str
    weight: float
    support: int
    first_seen: float
    last_seen: float
    evidence: list[str]


class PlatformBlock(msgspec.Struct, frozen=True):
    """One platform's part. share: its part of the unified view, in [0, 1]; mass: decayed absolute weight."""

    first_seen: float
    last_seen: float
    counts: dict[str, int]
    mass: float
    share: float
    short: bytes
    long: bytes
    tags: list[Tag]
    sentiment: Sentiment | None = None


class Interest(msgspec.Struct, frozen=True):
    """One of several interests kept apart. vector: mean of its events' items, float16 bytes, unit norm."""

    vector: bytes
    mass: float
    label: str
    evidence: list[Evidence]


class Vectors(msgspec.Struct, frozen=True):
    """Where the person points, at two horizons, and the interests one by one."""

    short: bytes
    long: bytes
    interests: list[Interest]


class RecentEvent(msgspec.Struct, frozen=True, gc=False):
    """A recent event with its item (`<platform>:<item_id>`, or empty): evidence and "seen"."""

    id: str
    type: str
    platform: str
    item: str
    weight: float
    time: float


class Consent(msgspec.Struct, frozen=True, gc=False):
    """status: granted or denied. at: when the person said so, None for the default."""

    status: str
    at: float | None


class Trait(msgspec.Struct, frozen=True, gc=False):
    """Something about the person. source: declared by an account, or inferred from what the person does.

    confidence: in (0, 1], 1 for what was declared. observed_at: event time, UTC seconds. platform: where it was
    declared, else empty.
    """

    value: TraitValue
    source: Literal["declared", "inferred"]
    confidence: float
    observed_at: float
    platform: str = ""


class Experiment(msgspec.Struct, frozen=True, gc=False):
    """The variant of an experiment that the person was given. at: time of the newest event that said so."""

    name: str
    variant: str
    at: float


class Quality(msgspec.Struct, frozen=True, gc=False):
    """How far to trust the profile. confidence in [0, 1]; degraded: vectors of a fallback encoder.

    late_events: applied events that arrived more than an hour after they happened.
    """

    cold_start: bool
    confidence: float
    late_events: int
    degraded: bool
    tags_filtered: int = 0


class ProfileRecord(msgspec.Struct, frozen=True):
    """The value of the `profiles` topic. Times are seconds since the epoch, UTC.

    revision grows by one per published change; readers drop what is not newer. as_of: latest event time applied.
    consents: by purpose, what all of the person's accounts allow. personalised: false when the person switched choosing
    for them off. blocked_tags: never shown or used again. sentiment: of what the person wrote, None without any of it.
    intent: of the latest session, None where nothing is recent. segments: those the person is in. traits: by name.
    experiments: newest first.
    updated_at: the broker's time of the newest event applied, so that a replay gives the same record.
    """

    schema_version: int
    profile_id: str
    revision: int
    updated_at: float
    as_of: float
    events_applied: int
    model: Model
    change: Change
    identity: Identity
    platforms: dict[str, PlatformBlock]
    vectors: Vectors
    tags: list[Tag]
    recent: list[RecentEvent]
    quality: Quality
    consents: dict[str, Consent] = {}
    personalised: bool = True
    blocked_tags: list[str] = []
    sentiment: Sentiment | None = None
    segments: list[Segment] = []
    intent: Intent | None = None
    relations: list[Relation] = []
    traits: dict[str, Trait] = {}
    experiments: list[Experiment] = []


encode_profile = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(ProfileRecord)


def decode_profile(raw: bytes) -> ProfileRecord:
    """The record of a `profiles` value. Raises msgspec.ValidationError for another schema."""
    return _decoder.decode(raw)
