"""What a link or unlink would make of published profiles, before it is said.

The published blocks are sums under decay, so events, counts, masses and shares of the result follow from them exactly:

    mass of a platform = Σ mass_i · 2^(−(T − T_i)/h),  T = max T_i;  share = mass · weight / Σ mass · weight

Tags are published as the strongest few: a sum is exact where every profile publishes the tag, or all of its tags.
Where actions have half-lives of their own, masses, shares and scores are estimates.
Two accounts of one platform share a block: what one of them leaves behind cannot be told from a profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from streams.domain.decay import factor
from streams.domain.profiles import Account, PlatformBlock, ProfileRecord, Tag


@dataclass(frozen=True)
class PreviewRules:
    """As profiles are published: see `domain.publishing.PublishRules`.

    fades_alike: no action has a half-life of its own. A profile does not tell what of it fades faster, so sums that are
    brought to another time are estimates then.
    """

    long_half_life_s: float
    platform_weights: Mapping[str, float] = field(default_factory=dict)
    n_tags: int = 12
    fades_alike: bool = True


class PlatformPreview(msgspec.Struct, frozen=True):
    """share: in [0, 1], of the unified view; is_exact: not an estimate. counts: events by type."""

    platform: str
    share: float
    counts: dict[str, int]
    is_exact: bool


class TagPreview(msgspec.Struct, frozen=True):
    """score: signed, decayed to the preview's time. is_exact: whether the result must have it."""

    kind: str
    tag: str
    score: float
    is_exact: bool


class ProfilePreview(msgspec.Struct, frozen=True):
    """A profile as it will be. profile_id: empty where the identity log decides which id goes on."""

    profile_id: str
    accounts: list[Account]
    events_applied: int
    platforms: list[PlatformPreview]
    tags: list[TagPreview]


class MixedPlatformError(Exception):
    """The account shares a platform with another of the person: a profile does not tell their events apart."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One platform of one profile. decay: from its profile's time to the preview's."""

    name: str
    block: PlatformBlock
    decay: float


def merged(rules: PreviewRules, profiles: Sequence[ProfileRecord]) -> ProfilePreview:
    """One person of several. What does not say otherwise is exact for what the profiles hold now."""
    as_of_s = max(profile.as_of for profile in profiles)
    decays = [factor(as_of_s - profile.as_of, rules.long_half_life_s) for profile in profiles]
    blocks = [
        _Block(name, block, decay)
        for profile, decay in zip(profiles, decays, strict=True)
        for name, block in profile.platforms.items()
    ]
    most = max(len(profile.identity.accounts) for profile in profiles)
    heirs = [profile.profile_id for profile in profiles if len(profile.identity.accounts) == most]
    blocked = {tag for profile in profiles for tag in profile.blocked_tags}
    tags = [_tags(rules, profile, decay, None) for profile, decay in zip(profiles, decays, strict=True)]
    return ProfilePreview(
        profile_id=heirs[0] if len(heirs) == 1 else "",
        accounts=_sorted(account for profile in profiles for account in profile.identity.accounts),
        events_applied=sum(profile.events_applied for profile in profiles),
        platforms=_platforms(rules, blocks),
        tags=_strongest(rules, tags, blocked),
    )


def split(rules: PreviewRules, profile: ProfileRecord, account: str) -> tuple[ProfilePreview, ProfilePreview]:
    """(what stays, the account alone). The rest is taken to stay one person, which it does where links do not run
    through the account alone.

    Raises KeyError for an account that is not the person's, MixedPlatformError where its events cannot be told apart.
    """
    leaving = {each.account: each for each in profile.identity.accounts}[account]
    staying = [each for each in profile.identity.accounts if each.account != account]
    if any(each.platform == leaving.platform for each in staying):
        raise MixedPlatformError(leaving.platform)
    gone = {leaving.platform}
    return (
        _part(rules, profile, staying, set(profile.platforms) - gone),
        _part(rules, profile, [leaving], gone),
    )


def _part(rules: PreviewRules, profile: ProfileRecord, accounts: list[Account], names: set[str]) -> ProfilePreview:
    own = {name: block for name, block in profile.platforms.items() if name in names}
    # A part is seen from its own newest event, which may be older than that of the whole.
    aged_s = profile.as_of - max((block.last_seen for block in own.values()), default=profile.as_of)
    growth = 1.0 / factor(aged_s, rules.long_half_life_s)
    blocks = [_Block(name, block, growth) for name, block in own.items()]
    keys = [each.account for each in accounts]
    return ProfilePreview(
        # Of a part without the account that the profile is named after, the log knows which account is the oldest.
        profile_id=profile.profile_id if profile.profile_id in keys else keys[0] if len(keys) == 1 else "",
        accounts=_sorted(accounts),
        events_applied=sum(sum(block.counts.values()) for block in own.values()),
        platforms=_platforms(rules, blocks),
        tags=_strongest(rules, [_tags(rules, profile, growth, names)], set(profile.blocked_tags)),
    )


def _platforms(rules: PreviewRules, blocks: Sequence[_Block]) -> list[PlatformPreview]:
    masses: dict[str, float] = {}
    counts: dict[str, dict[str, int]] = {}
    for name, block, decay in ((each.name, each.block, each.decay) for each in blocks):
        masses[name] = masses.get(name, 0.0) + block.mass * decay
        known = counts.setdefault(name, {})
        for kind, number in block.counts.items():
            known[kind] = known.get(kind, 0) + number
    weighed = {name: mass * rules.platform_weights.get(name, 1.0) for name, mass in masses.items()}
    total = sum(weighed.values())
    return [
        PlatformPreview(
            name, weighed[name] / total if total else 0.0, dict(sorted(counts[name].items())), rules.fades_alike
        )
        for name in sorted(masses)
    ]


@dataclass(frozen=True, slots=True)
class _Tags:
    """Scores of one profile's tags. is_whole: no tag was left out, so one that is absent is 0 there."""

    scores: dict[tuple[str, str], float]
    is_whole: bool


def _tags(rules: PreviewRules, profile: ProfileRecord, decay: float, names: set[str] | None) -> _Tags:
    """names: platforms whose part of each tag counts, None for all."""
    scores = {(tag.kind, tag.tag): _score(tag, names) * decay for tag in profile.tags}
    is_whole = len(profile.tags) < rules.n_tags and profile.quality.tags_filtered == 0
    return _Tags(scores if names is None else {tag: score for tag, score in scores.items() if score}, is_whole)


def _score(tag: Tag, names: set[str] | None) -> float:
    return tag.score if names is None else sum(score for name, score in tag.platforms.items() if name in names)


def _strongest(rules: PreviewRules, parts: Sequence[_Tags], blocked: set[str]) -> list[TagPreview]:
    named = {tag for part in parts for tag in part.scores if ":".join(tag) not in blocked}
    tags = [
        TagPreview(
            kind, tag,
            sum(part.scores.get((kind, tag), 0.0) for part in parts),
            rules.fades_alike and all(part.is_whole or (kind, tag) in part.scores for part in parts),
        )
        for kind, tag in named
    ]  # fmt: skip
    return sorted(tags, key=lambda each: (-abs(each.score), each.kind, each.tag))[: rules.n_tags]


def _sorted(accounts: Iterable[Account]) -> list[Account]:
    return sorted(accounts, key=lambda account: account.account)
