"""The fold: a micro-batch of events into user states. Pure; the heart of Braid and the oracle of its tests.

Per batch, not per event: one decoded state per touched user, one vectorised sum per touched account. The result equals
folding the events one by one (law tested), in any order (up to float rounding), with any repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S, factor
from streams.domain.events import Event, item_key
from streams.domain.seen_ids import Sight
from streams.domain.states import AccountState, Recent, TagState, UserState
from streams.domain.tags import item_tags

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class FoldRules:
    """weight_of: signed weight of an event type. Half-lives in seconds; bounds in entries per account."""

    dim: int
    weight_of: Callable[[str], float]
    short_half_life_s: float = 2 * DAY_S
    long_half_life_s: float = 60 * DAY_S
    recent_events: int = 20
    dedup_ids: int = 4096
    max_tags: int = 128


@dataclass(frozen=True, slots=True)
class Observation:
    """An event at its offset in the user's partition; row: its vector in the batch's matrix, -1 = none."""

    offset: int
    user: str
    event: Event
    row: int


@dataclass(slots=True)
class FoldReport:
    """What became of a batch. touched: users whose profile changed -> ids of the events that did it."""

    n_applied: int = 0
    n_repeats: int = 0
    n_behind_horizon: int = 0
    n_replayed: int = 0
    touched: dict[str, list[bytes]] = field(default_factory=dict)


@dataclass(slots=True)
class _Pending:
    """One account's share of the batch's vector work."""

    account: AccountState
    decay_short: float
    decay_long: float
    rows: list[int]
    short: list[float]
    long: list[float]


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
    pending: list[_Pending] = []
    for user, group in by_user.items():
        _fold_user(rules, states[user], group, report, pending)
    _add_vectors(pending, vectors, rules.dim)
    return report


def _fold_user(
    rules: FoldRules, state: UserState, group: list[Observation], report: FoldReport, pending: list[_Pending]
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
            _fold_account(rules, account, fresh, pending)
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
    for observation in observed:
        event = observation.event
        sight = Sight.REPEAT if event.event_id in in_batch else account.seen.look(event.event_id, event.occurred_at_s)
        if sight is Sight.NEW:
            in_batch.add(event.event_id)
            fresh.append(observation)
        elif sight is Sight.REPEAT:
            report.n_repeats += 1
        else:
            report.n_behind_horizon += 1
            account.n_late += 1
    if fresh:
        account.seen.add([(o.event.occurred_at_s, o.event.event_id) for o in fresh], rules.dedup_ids)
    return fresh


def _fold_account(
    rules: FoldRules, account: AccountState, fresh: list[Observation], pending: list[_Pending]
) -> None:
    reference_s = max(account.reference_s, *(observation.event.occurred_at_s for observation in fresh))
    aged_s = reference_s - account.reference_s
    share = _Pending(
        account, factor(aged_s, rules.short_half_life_s), factor(aged_s, rules.long_half_life_s), [], [], []
    )
    _age(account, share, reference_s)
    for observation in fresh:
        event = observation.event
        weight = rules.weight_of(event.type) * event.strength
        elapsed_s = reference_s - event.occurred_at_s
        short, long = factor(elapsed_s, rules.short_half_life_s), factor(elapsed_s, rules.long_half_life_s)
        account.n_events += 1
        account.counts[event.type] = account.counts.get(event.type, 0) + 1
        account.first_s = min(account.first_s, event.occurred_at_s)
        account.last_s = max(account.last_s, event.occurred_at_s)
        if weight == 0.0:
            continue
        account.short_mass += abs(weight) * short
        account.long_mass += abs(weight) * long
        tags = item_tags(event.item) if event.item is not None else ()
        _add_tags(account, tags, weight * long, event.occurred_at_s)
        item = item_key(event.platform, event.item.item_id) if event.item is not None else ""
        account.recent.append(
            Recent(event.occurred_at_s, event.event_id, event.type, item, weight, tags, event.reverses)
        )
        if observation.row >= 0:
            share.rows.append(observation.row)
            share.short.append(weight * short)
            share.long.append(weight * long)
    _bound(account, rules)
    pending.append(share)


def _age(account: AccountState, share: _Pending, reference_s: float) -> None:
    account.reference_s = reference_s
    account.short_mass *= share.decay_short
    account.long_mass *= share.decay_long
    if share.decay_long != 1.0:
        for tag in account.tags.values():
            tag.score *= share.decay_long
            tag.mass *= share.decay_long


def _add_tags(account: AccountState, tags: tuple[str, ...], weight: float, at_s: float) -> None:
    for name in tags:
        tag = account.tags.get(name)
        if tag is None:
            account.tags[name] = TagState(weight, abs(weight), 1, at_s, at_s)
            continue
        tag.score += weight
        tag.mass += abs(weight)
        tag.support += 1
        tag.first_s = min(tag.first_s, at_s)
        tag.last_s = max(tag.last_s, at_s)


def _bound(account: AccountState, rules: FoldRules) -> None:
    """Keep the latest events by (time, id), which no order of arrival changes, and the heaviest tags."""
    if len(account.recent) > 1:
        account.recent.sort(key=_by_time_and_id)
        del account.recent[: -rules.recent_events]
    if len(account.tags) > rules.max_tags:
        kept = sorted(account.tags.items(), key=lambda entry: (-entry[1].mass, entry[0]))[: rules.max_tags]
        account.tags = dict(kept)


def _by_time_and_id(recent: Recent) -> tuple[float, bytes]:
    return recent.at_s, recent.event_id


def _add_vectors(pending: list[_Pending], vectors: Vectors, dim: int) -> None:
    """S ← S·decay + Σ coefficient·vector, for both horizons of every touched account at once."""
    moved = [share for share in pending if share.rows or share.account.long]
    if not moved:
        return
    rows = np.concatenate([np.asarray(share.rows, np.intp) for share in moved])
    starts = np.cumsum([0, *(len(share.rows) for share in moved[:-1])])
    has_rows = np.array([bool(share.rows) for share in moved])
    contributions = vectors[rows]
    for horizon in ("short", "long"):
        sums = _sums(moved, horizon, dim)
        if len(rows):
            weights = np.concatenate([np.asarray(getattr(share, horizon), np.float32) for share in moved])
            weighted = contributions * weights[:, None]  # (R, D)
            sums[has_rows] += np.add.reduceat(weighted, starts[has_rows], axis=0)  # (A, D)
        flat, width = sums.tobytes(), dim * 4
        for number, share in enumerate(moved):
            setattr(share.account, horizon, flat[number * width : (number + 1) * width])


def _sums(moved: list[_Pending], horizon: str, dim: int) -> Vectors:
    """The accounts' sums so far, aged to their new reference times: float32 (A, D)."""
    sums = np.zeros((len(moved), dim), np.float32)
    for number, share in enumerate(moved):
        raw = getattr(share.account, horizon)
        if raw:
            sums[number] = np.frombuffer(raw, np.float32)
    decay = np.array([getattr(share, f"decay_{horizon}") for share in moved], np.float32)
    sums *= decay[:, None]
    return sums
