"""From the state of a user to the published profile: the accounts are added up only here, when the view is made.

So merge, split and erase need no history: the unified view is whatever the accounts in the record give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from streams.domain.account_views import AccountView, directions, point, recents_of
from streams.domain.choices import choices_of
from streams.domain.consents import blocked_tags
from streams.domain.decay import HalfLives, no_own
from streams.domain.experiment_view import experiments_of
from streams.domain.feelings import FeltShare, sentiment_of
from streams.domain.intents import IntentRules, intent_of
from streams.domain.interest_view import ItemVectors, groups_of, interests_of
from streams.domain.profiles import (
    PROFILE_SCHEMA_VERSION,
    Account,
    Change,
    Identity,
    Interest,
    Model,
    PlatformBlock,
    ProfileRecord,
    Quality,
    RecentEvent,
    Tag,
    Vectors,
)
from streams.domain.relation_view import EdgeShare, relations_of
from streams.domain.states import Pointer, Recent, UserState
from streams.domain.tag_view import strongest_tags, without_evidence
from streams.domain.trait_view import Share, traits_of
from streams.domain.unit_vectors import unit_vector

MAX_TRIGGERS = 20
#: Events after which a profile is no longer a first guess, and the mass at which confidence is one half.
COLD_START_EVENTS = 3
HALF_CONFIDENCE_MASS = 10.0
NO_ITEMS: ItemVectors = MappingProxyType({})


@dataclass(frozen=True)
class PublishRules:
    """model: of the vectors. platform_weights: part of each platform in the unified view, 1 where not named.

    own_half_life_of: long half-life in seconds of `<object>.<action>` where it is not that of all, else None.
    """

    model: Model
    short_half_life_s: float
    long_half_life_s: float
    degraded: bool = False
    n_tags: int = 12
    n_platform_tags: int = 4
    platform_weights: Mapping[str, float] = field(default_factory=dict)
    consent_defaults: Mapping[str, bool] = field(default_factory=dict)
    intent: IntentRules = field(default_factory=IntentRules)
    own_half_life_of: Callable[[str], float | None] = no_own
    half_lives: HalfLives = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """The memory of half-lives is one for all that is published by these rules."""
        object.__setattr__(self, "half_lives", HalfLives(self.long_half_life_s, self.own_half_life_of))


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a record is published: kind of the change and ids of the events that did it."""

    kind: str
    triggers: list[bytes]


def recent_items(state: UserState) -> set[str]:
    """Keys of the items that `profile_of` wants vectors of."""
    return {recent.item for account in state.accounts.values() for recent in account.recent if recent.item}


class Changed(NamedTuple):
    """A user to publish, with at least one account."""

    user: str
    state: UserState
    cause: Cause


def profile_of(
    rules: PublishRules, user: str, state: UserState, cause: Cause, items: ItemVectors = NO_ITEMS
) -> ProfileRecord:
    """The published record of one user; see `profiles_of`."""
    return profiles_of(rules, [Changed(user, state, cause)], items)[0]


def profiles_of(rules: PublishRules, changed: Sequence[Changed], items: ItemVectors = NO_ITEMS) -> list[ProfileRecord]:
    """The published records, in order. Deterministic: no clock, no randomness, and nobody's depends on the others'.

    items: vectors of `recent_items`, as far as the catalogue has them.
    """
    views = [_View.of(rules, each.state) for each in changed]
    point([part for view in views for part in view.parts])
    groups = [
        groups_of(view.felt(rules), items, view.as_of_s, rules.half_lives) if items else [] for view in views
    ]
    return [
        _record(rules, each, view, interests)
        for each, view, interests in zip(changed, views, interests_of(groups, items), strict=True)
    ]


def gone_profile(rules: PublishRules, user: str, state: UserState, cause: Cause) -> ProfileRecord:
    """The last record of a user without accounts; it names the profile that goes on, and null follows it."""
    heir = state.moved.get(user) or max(state.moved.values(), key=_newest, default=None)
    return ProfileRecord(
        schema_version=PROFILE_SCHEMA_VERSION,
        profile_id=user,
        revision=state.revision,
        updated_at=state.updated_s,
        as_of=0.0,
        events_applied=0,
        model=rules.model,
        change=_change(cause),
        identity=Identity([], None if heir is None else heir.to_user),
        platforms={},
        vectors=Vectors(b"", b"", []),
        tags=[],
        recent=[],
        quality=Quality(cold_start=True, confidence=0.0, late_events=0, degraded=rules.degraded),
    )


def _newest(pointer: Pointer) -> tuple[int, str]:
    return pointer.epoch, pointer.to_user


def _change(cause: Cause) -> Change:
    return Change(cause.kind, [event_id.hex() for event_id in cause.triggers[:MAX_TRIGGERS]])


@dataclass(slots=True)
class _View:
    """One person seen from as_of. recents: (platform, event), latest first."""

    as_of_s: float
    parts: list[AccountView]
    recents: list[tuple[str, Recent]]
    blocked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rules: PublishRules, state: UserState) -> _View:
        accounts = state.accounts.values()
        as_of_s = max([account.reference_s for account in accounts])
        blocked = blocked_tags(state.standings.values()) if state.standings else frozenset()
        half_lives_s = rules.short_half_life_s, rules.long_half_life_s
        parts = [
            AccountView.of(account, as_of_s, rules.platform_weights.get(account.platform, 1.0), half_lives_s)
            for account in accounts
        ]
        return cls(as_of_s, parts, recents_of(accounts), blocked)

    def felt(self, rules: PublishRules) -> list[Recent]:
        """Recent events of platforms that count in the unified view, without what the person does not want to see."""
        felt = [recent for platform, recent in self.recents if rules.platform_weights.get(platform, 1.0) > 0.0]
        return [recent for recent in felt if self.blocked.isdisjoint(recent.tags)] if self.blocked else felt


def _record(rules: PublishRules, changed: Changed, view: _View, interests: list[Interest]) -> ProfileRecord:
    parts, recents, state = view.parts, view.recents, changed.state
    total_mass = sum([part.mass * part.weight for part in parts])
    raw_mass = sum([part.mass for part in parts])
    n_events = sum([part.account.n_events for part in parts])
    shares = [Share(part.account, part.long_decay * part.weight * part.account.tag_scale) for part in parts]
    tag_shares = [share for part in parts for share in part.tag_shares(part.weight)]
    tags, n_filtered = strongest_tags(tag_shares, [recent for _, recent in recents], rules.n_tags, view.blocked)
    platforms = _platforms(rules, view, total_mass, tags)
    return ProfileRecord(
        schema_version=PROFILE_SCHEMA_VERSION,
        profile_id=changed.user,
        revision=state.revision,
        updated_at=state.updated_s,
        as_of=view.as_of_s,
        events_applied=n_events,
        model=rules.model,
        change=_change(changed.cause),
        identity=Identity(
            [
                Account(account.platform, name, account.first_s, account.last_s)
                for name, account in sorted(state.accounts.items())
            ]
        ),
        platforms=platforms,
        vectors=Vectors(*_unified(parts, platforms), interests),
        tags=tags,
        recent=[
            RecentEvent(recent.event_id.hex(), recent.type, platform, recent.item, recent.weight, recent.at_s)
            for platform, recent in recents
        ],
        quality=Quality(
            cold_start=n_events < COLD_START_EVENTS or total_mass == 0.0,
            confidence=round(raw_mass / (raw_mass + HALF_CONFIDENCE_MASS), 6),
            late_events=sum([part.account.n_late for part in parts]),
            degraded=rules.degraded,
            tags_filtered=n_filtered,
        ),
        sentiment=sentiment_of([FeltShare(share.account.feelings, share.scale) for share in shares], view.blocked),
        relations=relations_of(
            [EdgeShare(part.account.relations, part.weight) for part in parts],
            view.as_of_s,
            rules.long_half_life_s,
            view.blocked,
        ),
        intent=intent_of(rules.intent, [recent for _, recent in recents]),
        traits=traits_of(shares),
        experiments=experiments_of([part.account.experiments for part in parts]),
        **choices_of(rules.consent_defaults, state),
    )


def _unified(parts: list[AccountView], platforms: dict[str, PlatformBlock]) -> tuple[bytes, bytes]:
    """(short, long) of the whole person."""
    if len(parts) == 1 and parts[0].weight > 0.0:  # a weight does not turn a single vector
        (only,) = platforms.values()
        return only.short, only.long
    return (
        unit_vector((part.account.short, part.short_decay * part.weight) for part in parts),
        unit_vector(summed for part in parts for summed in part.long_sums(part.weight)),
    )


def _platforms(rules: PublishRules, view: _View, total_mass: float, tags: list[Tag]) -> dict[str, PlatformBlock]:
    """Each platform alone; its tags carry no evidence of their own, the unified tags do."""
    parts = view.parts
    if len(parts) == 1 and parts[0].weight == 1.0 and rules.n_platform_tags <= rules.n_tags:
        known = without_evidence(tags[: rules.n_platform_tags])  # what is strongest there is what is strongest at all
        return {parts[0].account.platform: _block(parts, total_mass, known)}
    n_tags, blocked = rules.n_platform_tags, view.blocked
    by_platform: dict[str, list[AccountView]] = {}
    for part in parts:
        by_platform.setdefault(part.account.platform, []).append(part)
    alone = {
        platform: strongest_tags(
            [share for part in own for share in part.tag_shares()], (), n_tags, blocked
        )[0]
        for platform, own in by_platform.items()
    }
    return {name: _block(own, total_mass, alone[name]) for name, own in sorted(by_platform.items())}


def _block(parts: list[AccountView], total_mass: float, tags: list[Tag]) -> PlatformBlock:
    accounts = [part.account for part in parts]
    counts = dict(accounts[0].counts)
    for account in accounts[1:]:
        for name, number in account.counts.items():
            counts[name] = counts.get(name, 0) + number
    mass = sum([part.mass for part in parts])
    short, long = directions(parts)
    felt = [FeltShare(part.account.feelings, part.long_decay * part.account.tag_scale) for part in parts]
    return PlatformBlock(
        first_seen=min([account.first_s for account in accounts]),
        last_seen=max([account.last_s for account in accounts]),
        counts=counts,
        mass=mass,
        share=mass * parts[0].weight / total_mass if total_mass else 0.0,
        short=short,
        long=long,
        tags=tags,
        sentiment=sentiment_of(felt, n_named=0),
    )
