"""From the state of a user to the published profile: the accounts are added up only here, when the view is made.

So merge, split and erase need no history: the unified view is whatever the accounts in the record give.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import factor
from streams.domain.interest_view import ItemVectors, interests_of
from streams.domain.profiles import (
    PROFILE_SCHEMA_VERSION,
    Account,
    Change,
    Identity,
    Model,
    PlatformBlock,
    ProfileRecord,
    Quality,
    RecentEvent,
    Vectors,
)
from streams.domain.states import AccountState, Recent, UserState
from streams.domain.tag_view import Share, strongest_tags

MAX_TRIGGERS = 20
#: Events after which a profile is no longer a first guess, and the mass at which confidence is one half.
COLD_START_EVENTS = 3
HALF_CONFIDENCE_MASS = 10.0
NO_ITEMS: ItemVectors = MappingProxyType({})


@dataclass(frozen=True)
class PublishRules:
    """model: of the vectors. platform_weights: part of each platform in the unified view, 1 where not named."""

    model: Model
    short_half_life_s: float
    long_half_life_s: float
    degraded: bool = False
    n_tags: int = 12
    n_platform_tags: int = 4
    platform_weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """One account seen from the profile's as_of."""

    account: AccountState
    weight: float
    short_decay: float
    long_decay: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a record is published: kind of the change and ids of the events that did it."""

    kind: str
    triggers: list[bytes]


def recent_items(state: UserState) -> set[str]:
    """Keys of the items that `profile_of` wants vectors of."""
    return {recent.item for account in state.accounts.values() for recent in account.recent if recent.item}


def profile_of(
    rules: PublishRules, user: str, state: UserState, cause: Cause, items: ItemVectors = NO_ITEMS
) -> ProfileRecord:
    """The published record of a user with at least one account. Deterministic: no clock, no randomness.

    items: vectors of `recent_items`, as far as the catalogue has them.
    """
    as_of_s = max(account.reference_s for account in state.accounts.values())
    parts = [_part(rules, account, as_of_s) for account in state.accounts.values()]
    total_mass = sum(part.account.long_mass * part.long_decay * part.weight for part in parts)
    recents = _recents(state.accounts.values())
    shares = [Share(part.account, part.long_decay * part.weight) for part in parts]
    tags, n_filtered = strongest_tags(shares, [recent for _, recent in recents], rules.n_tags)
    platforms = _platforms(rules, parts, total_mass)
    n_events = sum(account.n_events for account in state.accounts.values())
    raw_mass = sum(part.account.long_mass * part.long_decay for part in parts)
    return ProfileRecord(
        schema_version=PROFILE_SCHEMA_VERSION,
        profile_id=user,
        revision=state.revision,
        updated_at=state.updated_s,
        as_of=as_of_s,
        events_applied=n_events,
        model=rules.model,
        change=Change(cause.kind, [event_id.hex() for event_id in cause.triggers[:MAX_TRIGGERS]]),
        identity=Identity(
            [
                Account(account.platform, name, account.first_s, account.last_s)
                for name, account in sorted(state.accounts.items())
            ]
        ),
        platforms=platforms,
        vectors=Vectors(
            *_unified(parts, platforms),
            interests_of(
                [recent for platform, recent in recents if rules.platform_weights.get(platform, 1.0) > 0.0],
                items,
                as_of_s,
                rules.long_half_life_s,
            ),
        ),
        tags=tags,
        recent=[
            RecentEvent(recent.event_id.hex(), recent.type, platform, recent.item, recent.weight, recent.at_s)
            for platform, recent in recents
        ],
        quality=Quality(
            cold_start=n_events < COLD_START_EVENTS or total_mass == 0.0,
            confidence=round(raw_mass / (raw_mass + HALF_CONFIDENCE_MASS), 6),
            late_events=sum(account.n_late for account in state.accounts.values()),
            degraded=rules.degraded,
            tags_filtered=n_filtered,
        ),
    )


def _unified(parts: list[_Part], platforms: dict[str, PlatformBlock]) -> tuple[bytes, bytes]:
    """(short, long) of the whole person."""
    if len(parts) == 1 and parts[0].weight > 0.0:  # a weight does not turn a single vector
        (only,) = platforms.values()
        return only.short, only.long
    return (
        unit_vector((part.account.short, part.short_decay * part.weight) for part in parts),
        unit_vector((part.account.long, part.long_decay * part.weight) for part in parts),
    )


def _part(rules: PublishRules, account: AccountState, as_of_s: float) -> _Part:
    aged_s = as_of_s - account.reference_s
    return _Part(
        account,
        rules.platform_weights.get(account.platform, 1.0),
        factor(aged_s, rules.short_half_life_s),
        factor(aged_s, rules.long_half_life_s),
    )


def _recents(accounts: Iterable[AccountState]) -> list[tuple[str, Recent]]:
    """Latest first, without what a later event took back and without the taking back."""
    listed = [(account.platform, recent) for account in accounts for recent in account.recent]
    reversed_ids = {recent.reverses for _, recent in listed if recent.reverses is not None}
    if reversed_ids:
        listed = [
            (platform, recent)
            for platform, recent in listed
            if recent.event_id not in reversed_ids and recent.reverses is None
        ]
    listed.sort(key=_latest_first)
    return listed


def _latest_first(entry: tuple[str, Recent]) -> tuple[float, bytes]:
    return -entry[1].at_s, entry[1].event_id


def _platforms(rules: PublishRules, parts: list[_Part], total_mass: float) -> dict[str, PlatformBlock]:
    """Each platform alone; its tags carry no evidence of their own, the unified tags do."""
    by_platform: dict[str, list[_Part]] = {}
    for part in parts:
        by_platform.setdefault(part.account.platform, []).append(part)
    return {platform: _block(rules, own, total_mass) for platform, own in sorted(by_platform.items())}


def _block(rules: PublishRules, parts: list[_Part], total_mass: float) -> PlatformBlock:
    accounts = [part.account for part in parts]
    counts = dict(accounts[0].counts)
    for account in accounts[1:]:
        for name, number in account.counts.items():
            counts[name] = counts.get(name, 0) + number
    mass = sum(part.account.long_mass * part.long_decay for part in parts)
    return PlatformBlock(
        first_seen=min(account.first_s for account in accounts),
        last_seen=max(account.last_s for account in accounts),
        counts=counts,
        mass=mass,
        share=mass * parts[0].weight / total_mass if total_mass else 0.0,
        short=unit_vector([(part.account.short, part.short_decay) for part in parts]),
        long=unit_vector([(part.account.long, part.long_decay) for part in parts]),
        tags=strongest_tags([Share(part.account, part.long_decay) for part in parts], (), rules.n_platform_tags)[0],
    )


def unit_vector(sums: Iterable[tuple[bytes, float]]) -> bytes:
    """Sum of scaled float32 (D,) vectors as a float16 unit vector; empty when there is none or they cancel out."""
    total: NDArray[np.float32] | None = None
    for raw, scale in sums:
        if raw and scale != 0.0:
            vector = np.frombuffer(raw, np.float32)
            scaled = vector if scale == 1.0 else vector * np.float32(scale)
            total = scaled if total is None else total + scaled
    if total is None:
        return b""
    norm = math.sqrt(float(total @ total))
    return (total * np.float32(1.0 / norm)).astype(np.float16).tobytes() if norm > 0.0 else b""
