"""From the state of a user to the published profile: the accounts are added up only here, when the view is made.

So merge, split and erase need no history: the unified view is whatever the accounts in the record give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import factor
from streams.domain.profiles import (
    PROFILE_SCHEMA_VERSION,
    Account,
    Change,
    Evidence,
    Identity,
    Model,
    PlatformBlock,
    ProfileRecord,
    Quality,
    RecentEvent,
    Tag,
    Vectors,
)
from streams.domain.states import AccountState, Recent, UserState
from streams.domain.tags import split_tag

#: Below this share of the strongest tag's mass a tag is noise and is not published (counted instead).
MIN_TAG_SHARE = 0.01
MAX_EVIDENCE = 3
MAX_TRIGGERS = 20
#: Events after which a profile is no longer a first guess, and the mass at which confidence is one half.
COLD_START_EVENTS = 3
HALF_CONFIDENCE_MASS = 10.0


@dataclass(frozen=True)
class PublishRules:
    """model: of the vectors. platform_weights: part of each platform in the unified view, 1 where not named."""

    model: Model
    short_half_life_s: float
    long_half_life_s: float
    degraded: bool = False
    n_tags: int = 20
    platform_weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """One account seen from the profile's as_of."""

    account: AccountState
    weight: float
    short_decay: float
    long_decay: float


def profile_of(rules: PublishRules, user: str, state: UserState, kind: str, triggers: list[bytes]) -> ProfileRecord:
    """The published record of a user with at least one account. Deterministic: no clock, no randomness."""
    as_of_s = max(account.reference_s for account in state.accounts.values())
    parts = [_part(rules, account, as_of_s) for account in state.accounts.values()]
    masses = [part.account.long_mass * part.long_decay * part.weight for part in parts]
    total_mass = sum(masses)
    recents = _recents(state.accounts.values())
    evidence = _evidence_by_tag(recents)
    tags, n_filtered = _tags(parts, evidence, rules.n_tags)
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
        change=Change(kind, [event_id.hex() for event_id in triggers[:MAX_TRIGGERS]]),
        identity=Identity(
            [
                Account(account.platform, name, account.first_s, account.last_s)
                for name, account in sorted(state.accounts.items())
            ]
        ),
        platforms=_platforms(rules, parts, masses),
        vectors=Vectors(_unified(parts, "short"), _unified(parts, "long"), []),
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
    listed.sort(key=lambda entry: (-entry[1].at_s, entry[1].event_id))
    return listed


def _evidence_by_tag(recents: list[tuple[str, Recent]]) -> dict[str, list[Evidence]]:
    by_tag: dict[str, list[Evidence]] = {}
    for _, recent in recents:
        evidence = Evidence(recent.event_id.hex(), recent.type, recent.weight, recent.at_s)
        for tag in recent.tags:
            listed = by_tag.setdefault(tag, [])
            if len(listed) < MAX_EVIDENCE:
                listed.append(evidence)
    return by_tag


@dataclass(slots=True)
class _Sum:
    score: float
    mass: float
    support: int
    first_s: float
    last_s: float
    platforms: dict[str, float]


def _tags(parts: list[_Part], evidence: dict[str, list[Evidence]], n_tags: int) -> tuple[list[Tag], int]:
    """(the strongest tags of the unified view, how many were too weak to publish)."""
    sums: dict[str, _Sum] = {}
    for part in parts:
        scale = part.long_decay * part.weight
        if scale == 0.0:
            continue
        platform = part.account.platform
        for name, tag in part.account.tags.items():
            score, mass = tag.score * scale, tag.mass * scale
            known = sums.get(name)
            if known is None:
                sums[name] = _Sum(score, mass, tag.support, tag.first_s, tag.last_s, {platform: score})
                continue
            known.score += score
            known.mass += mass
            known.support += tag.support
            known.first_s = min(known.first_s, tag.first_s)
            known.last_s = max(known.last_s, tag.last_s)
            known.platforms[platform] = known.platforms.get(platform, 0.0) + score
    return _strongest(sums, evidence, n_tags)


def _strongest(sums: dict[str, _Sum], evidence: dict[str, list[Evidence]], n_tags: int) -> tuple[list[Tag], int]:
    least = MIN_TAG_SHARE * max((tag.mass for tag in sums.values()), default=0.0)
    strong = [(name, tag) for name, tag in sums.items() if tag.mass >= least]
    chosen = nlargest(n_tags, strong, key=lambda entry: (abs(entry[1].score), entry[0]))
    return [_tag(name, tag, evidence) for name, tag in chosen], len(sums) - len(strong)


def _tag(name: str, tag: _Sum, evidence: dict[str, list[Evidence]]) -> Tag:
    kind, value = split_tag(name)
    polarity = tag.score / tag.mass if tag.mass else 0.0
    return Tag(
        value, kind, tag.score, polarity, tag.support, tag.first_s, tag.last_s, tag.platforms, evidence.get(name, [])
    )


def _platforms(rules: PublishRules, parts: list[_Part], masses: list[float]) -> dict[str, PlatformBlock]:
    """Each platform alone; its tags carry no evidence of their own, the unified tags do."""
    total = sum(masses)
    by_platform: dict[str, list[tuple[_Part, float]]] = {}
    for part, mass in zip(parts, masses, strict=True):
        by_platform.setdefault(part.account.platform, []).append((part, mass))
    blocks = {}
    for platform, own in sorted(by_platform.items()):
        accounts = [part.account for part, _ in own]
        alone = [_Part(part.account, 1.0, part.short_decay, part.long_decay) for part, _ in own]
        counts = dict(accounts[0].counts)
        for account in accounts[1:]:
            for name, number in account.counts.items():
                counts[name] = counts.get(name, 0) + number
        blocks[platform] = PlatformBlock(
            first_seen=min(account.first_s for account in accounts),
            last_seen=max(account.last_s for account in accounts),
            counts=counts,
            mass=sum(part.account.long_mass * part.long_decay for part in alone),
            share=sum(mass for _, mass in own) / total if total else 0.0,
            short=_unified(alone, "short"),
            long=_unified(alone, "long"),
            tags=_tags(alone, {}, rules.n_tags)[0],
        )
    return blocks


def _unified(parts: list[_Part], horizon: str) -> bytes:
    """Weighted sum of the accounts' vectors at one horizon as a float16 unit vector; empty for a zero sum."""
    total: NDArray[np.float32] | None = None
    for part in parts:
        raw = part.account.short if horizon == "short" else part.account.long
        scale = part.weight * (part.short_decay if horizon == "short" else part.long_decay)
        if not raw or scale == 0.0:
            continue
        scaled = np.frombuffer(raw, np.float32) * np.float32(scale)
        total = scaled if total is None else total + scaled
    if total is None:
        return b""
    norm = float(np.sqrt(total @ total))
    return (total / np.float32(norm)).astype(np.float16).tobytes() if norm > 0.0 else b""
