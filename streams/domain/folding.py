"""The fold: a micro-batch of events into user states. Pure; the heart of Braid and the oracle of its tests.

Per batch, not per event: one decoded state per touched user, one vectorised sum per touched account. The result equals
folding the events one by one (law tested), in any order (up to float rounding), with any repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec

from streams.domain import relations
from streams.domain.actions import Action, built_in
from streams.domain.decay import DAY_S, HalfLives, no_own
from streams.domain.edges import EdgeMaker
from streams.domain.events import Event, item_key
from streams.domain.experiments import assign
from streams.domain.feelings import Said, add_said, bounded, rescaled, said_of, topics_of
from streams.domain.heaviest import heaviest
from streams.domain.influence import InfluenceRules
from streams.domain.languages import take_to
from streams.domain.platforms import AD_PLATFORMS
from streams.domain.readings import FAINT, Reading
from streams.domain.relations import EdgeEvidence
from streams.domain.seen_ids import Sight
from streams.domain.sensitive import SensitiveTags
from streams.domain.sentiments import strength_of
from streams.domain.states import AccountState, Fading, Recent, TagState, UserState
from streams.domain.tags import item_tags
from streams.domain.traits import declare
from streams.domain.vector_sums import AccountPart, Part, Vectors, add_vectors

#: An event that arrives this long after it happened is counted as late; it counts in full all the same.
LATE_S = 3_600.0
#: Tags are kept in units of their own and aged by one factor; below this the units are begun anew.
MIN_TAG_SCALE = 2.0**-256
_time_and_id = attrgetter("at_s", "event_id")


@dataclass(frozen=True)
class FoldRules:
    """weight_of: signed weight of an event type. Half-lives in seconds; bounds in entries per account.

    declared: the action of an event type, None for an unknown one. ad_platforms: those that actions of the facet `ads`
    move; elsewhere these are counted only. max_edges: of an account; 0 keeps none.
    sensitive: tags and traits that are never kept, None for none. influence: how much one account may bring, None for
    no bound.
    neutral_band: texts with a sentiment within ± this are neither positive nor negative, as their reader says.
    space: of the vectors (`domain.spaces`); sums of another one must have begun again before.
    own_half_life_of: long half-life in seconds of `<object>.<action>` where it is not that of all, else None.
    """

    dim: int
    weight_of: Callable[[str], float]
    short_half_life_s: float = 2 * DAY_S
    long_half_life_s: float = 60 * DAY_S
    recent_events: int = 20
    dedup_ids: int = 4096
    max_tags: int = 128
    sensitive: SensitiveTags | None = None
    influence: InfluenceRules | None = None
    declared: Callable[[str], Action | None] = built_in
    ad_platforms: frozenset[str] = AD_PLATFORMS
    max_edges: int = 16
    neutral_band: float = FAINT
    space: bytes = b""
    own_half_life_of: Callable[[str], float | None] = no_own
    edges: EdgeMaker = field(init=False, repr=False, compare=False)
    half_lives: HalfLives = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """The memories of edges and half-lives are one for all that is folded by these rules."""
        object.__setattr__(self, "edges", EdgeMaker(self.declared, self.sensitive))
        object.__setattr__(self, "half_lives", HalfLives(self.long_half_life_s, self.own_half_life_of))


class Observation(msgspec.Struct, frozen=True, gc=False):
    """An event at its offset in the user's partition; row: its vector in the batch's matrix, -1 = none.

    said: the reading of its own words, None without any. about: of its item's text.
    """

    offset: int
    user: str
    event: Event
    row: int
    said: Reading | None = None
    about: Reading | None = None


@dataclass(slots=True)
class FoldReport:
    """What became of a batch. touched: users whose profile changed -> ids of the events that did it.

    n_held_back: events that count for less than they weigh, because their account's influence is bounded.
    """

    n_applied: int = 0
    n_repeats: int = 0
    n_behind_horizon: int = 0
    n_replayed: int = 0
    n_held_back: int = 0
    touched: dict[str, list[bytes]] = field(default_factory=dict)

    def add(self, other: FoldReport) -> None:
        """Count what another fold of the same batch did; a user's events stay in their order."""
        self.n_applied += other.n_applied
        self.n_repeats += other.n_repeats
        self.n_behind_horizon += other.n_behind_horizon
        self.n_replayed += other.n_replayed
        self.n_held_back += other.n_held_back
        for user, triggers in other.touched.items():
            self.touched.setdefault(user, []).extend(triggers)


def fold(
    rules: FoldRules, states: Mapping[str, UserState], observations: Sequence[Observation], vectors: Vectors
) -> FoldReport:
    """Fold observations (offset order per user) into the states, in place.

    states: one for every user named. vectors: float32 (B, D). A user whose events were all known stays as it was.
    """
    report = FoldReport()
    by_user: dict[str, list[Observation]] = {}
    for observation in observations:
        by_user.setdefault(observation.user, []).append(observation)
    pending: list[AccountPart] = []
    for user, group in by_user.items():
        _fold_user(rules, states[user], group, report, pending)
    add_vectors(pending, vectors, rules.dim)
    return report


def _fold_user(
    rules: FoldRules, state: UserState, group: list[Observation], report: FoldReport, pending: list[AccountPart]
) -> None:
    by_account: dict[str, list[Observation]] = {}
    for observation in group:
        if observation.offset <= state.fence:
            report.n_replayed += 1
        else:
            by_account.setdefault(observation.event.account, []).append(observation)
    if not by_account:
        return
    triggers: list[bytes] = []
    for name, observed in by_account.items():
        first = observed[0].event
        account = state.accounts.get(name) or AccountState(
            first.platform, first.occurred_at_s, first.occurred_at_s, first.occurred_at_s
        )
        fresh = _only_new(account, observed, rules, report)
        if fresh:
            state.accounts[name] = account
            _fold_account(rules, account, fresh, pending, report)
            triggers.extend(observation.event.event_id for observation in fresh)
            state.updated_s = max(state.updated_s, *(observation.event.received_at_s for observation in fresh))
    state.fence = group[-1].offset
    if triggers:
        state.revision += 1
        report.n_applied += len(triggers)
        report.touched[group[0].user] = triggers


def _only_new(
    account: AccountState, observed: list[Observation], rules: FoldRules, report: FoldReport
) -> list[Observation]:
    fresh: list[Observation] = []
    in_batch: set[bytes] = set()
    look = account.seen.look
    for observation in observed:
        event = observation.event
        sight = Sight.REPEAT if event.event_id in in_batch else look(event.event_id, event.occurred_at_s)
        if sight is Sight.NEW:
            in_batch.add(event.event_id)
            fresh.append(observation)
        elif sight is Sight.REPEAT:
            report.n_repeats += 1
        else:
            report.n_behind_horizon += 1
    if fresh:
        account.seen.add([(o.event.occurred_at_s, o.event.event_id) for o in fresh], rules.dedup_ids)
    return fresh


def _fold_account(
    rules: FoldRules, account: AccountState, fresh: list[Observation], pending: list[AccountPart], report: FoldReport
) -> None:
    times = [observation.event.occurred_at_s for observation in fresh]
    latest_s = max(times)
    reference_s = max(account.reference_s, latest_s)
    aged_s = reference_s - account.reference_s
    share = AccountPart.aged(account, aged_s, (rules.short_half_life_s, rules.long_half_life_s))
    _age(share, reference_s)
    account.space = rules.space
    account.n_events += len(fresh)
    account.first_s = min(account.first_s, *times)
    account.last_s = max(account.last_s, latest_s)
    counts, n_before = account.counts, len(account.recent)
    for observation in fresh:
        event = observation.event
        kind = event.type
        counts[kind] = counts.get(kind, 0) + 1
        if event.received_at_s - event.occurred_at_s > LATE_S:
            account.n_late += 1
        if event.traits is not None:
            account.traits = declare(account.traits, event.traits, event.occurred_at_s, rules.sensitive)
        if event.experiment:
            account.experiments = assign(account.experiments, event.experiment, event.occurred_at_s)
        action = rules.declared(kind)
        if action is not None and not action.moves(event.platform, rules.ad_platforms):
            continue  # a sum cannot be taken apart again, so what must stay out of content never gets in
        strength, said, reading = event.strength, None, observation.said
        if reading is not None:
            strength, said = strength_of(event, action, reading.sentiment), said_of(reading, action)
        weight, is_heard = _admitted(rules, account, observation, rules.weight_of(kind) * strength, report)
        if weight != 0.0:
            _count_in(rules, share, observation, weight, said)
            if rules.max_edges:
                edges, size = rules.edges.of(event, weight, reading, observation.about)
                by = EdgeEvidence(event.occurred_at_s, event.event_id)
                relations.add(account.relations, rules.long_half_life_s, by, edges, size)
        if is_heard and said is not None:
            _add_said(rules, account, said, event.occurred_at_s)
    _bound(account, rules, n_before)
    pending.append(share)


def _admitted(
    rules: FoldRules, account: AccountState, observation: Observation, weight: float, report: FoldReport
) -> tuple[float, bool]:
    """(the weight that counts within the account's bounds, whether the words do). Words alone take room as a view."""
    if rules.influence is None:
        return weight, True
    asked = weight or float(observation.said is not None)
    if asked == 0.0:
        return 0.0, False
    admitted = account.influence.admit(rules.influence, observation.event, asked)
    report.n_held_back += admitted != asked
    return (admitted if weight else 0.0), admitted != 0.0


def _count_in(
    rules: FoldRules, share: AccountPart, observation: Observation, weight: float, said: Said | None
) -> None:
    """One event of the account's share: mass, tags, evidence and its part in the vector work."""
    event, account = observation.event, share.of
    at_s, item, half_life_s = event.occurred_at_s, event.item, rules.half_lives[event.type]
    newer_s = at_s - account.reference_s  # 0 or less
    short, long = weight * 2.0 ** (newer_s / rules.short_half_life_s), weight * 2.0 ** (newer_s / half_life_s)
    part: Part[Any] = share if half_life_s == rules.long_half_life_s else _fading_part(share, half_life_s)
    account.short_mass += abs(short)
    part.of.long_mass += abs(long)
    if item is not None and item.language and weight > 0.0:
        alike = weight * 2.0 ** (newer_s / rules.long_half_life_s)  # languages fade alike, whatever told them
        account.languages = take_to(account.languages, item.language, alike / account.tag_scale, at_s)
    tags = _tags_of(rules, observation, said)
    _add_tags(part.of.tags, tags, long / part.of.tag_scale, at_s)
    key = "" if item is None else item_key(event.platform, item.item_id)
    account.recent.append(Recent(at_s, event.event_id, event.type, key, weight, tags, event.reverses))
    if observation.row >= 0:
        share.rows.append(observation.row)
        share.short.append(short)
        share.long.append(long if part is share else 0.0)
        if part is not share:
            part.rows.append(observation.row)
            part.long.append(long)


def _fading_part(share: AccountPart, half_life_s: float) -> Part[Fading]:
    part = share.fadings.get(half_life_s)
    if part is None:
        new = Fading(half_life_s)
        share.of.fadings = [*share.of.fadings, new]
        part = share.fadings[half_life_s] = Part(new, 0.0, 1.0)
    return part


def _tags_of(rules: FoldRules, observation: Observation, said: Said | None) -> tuple[str, ...]:
    item = observation.event.item
    tags = () if item is None else item_tags(item)
    if observation.about is not None or said is not None:
        topics = () if observation.about is None else topics_of(observation.about)
        named = () if said is None else said.tags
        tags = tuple(dict.fromkeys((*tags, *topics, *named)))
    return rules.sensitive.without(tags) if tags and rules.sensitive is not None else tags


def _add_said(rules: FoldRules, account: AccountState, said: Said, at_s: float) -> None:
    unit = 2.0 ** ((at_s - account.reference_s) / rules.long_half_life_s) / account.tag_scale
    if rules.sensitive is not None and said.felt:
        allowed = set(rules.sensitive.without(tuple(name for name, _ in said.felt)))
        said = Said(said.score, said.tags, tuple(felt for felt in said.felt if felt[0] in allowed))
    add_said(account.feelings, said, unit, at_s, rules.neutral_band)
    account.feelings = bounded(account.feelings)


def _age(share: AccountPart, reference_s: float) -> None:
    account = share.of
    account.reference_s = reference_s
    account.short_mass *= share.decay_short
    unit = _age_long(account, share.decay_long)
    if unit is not None:
        rescaled(account.feelings, unit)
        for language in account.languages.values():
            language.mass *= unit
    for part in share.fadings.values():
        _age_long(part.of, part.decay_long)


def _age_long(of: AccountState | Fading, decay: float) -> float | None:
    """Mass and tags; what one of the tags' units was worth where they are begun anew, else None."""
    of.long_mass *= decay
    of.tag_scale *= decay
    if of.tag_scale >= MIN_TAG_SCALE:
        return None
    unit, of.tag_scale = of.tag_scale, 1.0
    for tag in of.tags.values():
        tag.score *= unit
        tag.mass *= unit
    return unit


def _add_tags(known: dict[str, TagState], names: tuple[str, ...], weight: float, at_s: float) -> None:
    mass = abs(weight)
    for name in names:
        tag = known.get(name)
        if tag is None:
            known[name] = TagState(weight, mass, 1, at_s, at_s)
            continue
        tag.score += weight
        tag.mass += mass
        tag.support += 1
        if at_s > tag.last_s:
            tag.last_s = at_s
        elif at_s < tag.first_s:
            tag.first_s = at_s


def _bound(account: AccountState, rules: FoldRules, n_before: int) -> None:
    """Keep the latest events by (time, id), which no order of arrival changes, and the heaviest tags."""
    recent = account.recent
    added = [_time_and_id(each) for each in recent[max(0, n_before - 1) :]]
    if added != sorted(added):  # seldom: what comes is mostly newer than what is there
        recent.sort(key=_time_and_id)
    del recent[: -rules.recent_events]
    account.tags = heaviest(account.tags, rules.max_tags)
    for fading in account.fadings:
        fading.tags = heaviest(fading.tags, rules.max_tags)
    relations.keep_heaviest(account.relations, rules.max_edges)

