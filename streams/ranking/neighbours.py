"""What co-behaviour says about items, found by walking: a person's items, who else took to them, what those took to.

Two readings of the same walk. *Co-visits*: items that other people took to near what this person took to, as a cosine
with decay (item-item collaborative filtering without a matrix). *Neighbours*: what people who share items with this
person took to lately. Items of all platforms are sources, so both carry taste from one platform to another.
Shapes: I items, U people, S signals, N items that were met.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S
from streams.ranking.compiled import compiled
from streams.ranking.observing import decayed
from streams.ranking.state import BehaviourState, Doubles, Ints

#: Columns of `Walked.signals`, in order.
SIGNALS: Final = (
    "co_visit",  # cosine of being taken to by the same people, fading with age
    "co_visit_best",  # the same by the best single item of the person
    "co_visit_recent",  # fading sooner, by rank in the person's history where clocks are not shared
    "co_visit_after",  # taken to within three weeks after the person's item
    "co_visit_same_day",  # taken to on the same day as the person's item
    "co_visit_transfer",  # from what the person took to on other platforms
    "co_visit_last",  # from what the person took to last
    "co_visit_focused",  # by people who do little, the more
    "transition",  # a few steps after or before the person's item
    "neighbours_3d",  # likeness of the people who took to it in the last days
    "neighbours_7d",
    "neighbours_30d",
    "neighbours_fading",  # each neighbour's say divided by how much they do
    "neighbour_nearest",  # likeness of the one most alike
    "neighbours_alike",  # squared likeness, fading: few who are very alike before many who are little
    "cohort_7d",  # likeness by what both took to lately
    "cohort_30d",
)
N_SIGNALS: Final = len(SIGNALS)
(CO_VISIT, BEST, RECENT, AFTER, SAME_DAY, TRANSFER, LAST, FOCUSED, TRANSITION) = range(9)
(NEAR_3D, NEAR_7D, NEAR_30D, FADING, NEAREST, ALIKE, COHORT_7D, COHORT_30D) = range(9, 17)

AFTER_DAYS = 21.0
#: Steps that a transition may take, what a further step leaves, and what backwards counts.
STEPS = 8
STEP_KEPT = 0.7
BACKWARDS = 0.3
#: Half-lives in days: of a co-visit's age, of an older source, of a shared item, of two touches being apart, of a
#: neighbour's touch.
CO_VISIT_DAYS = 90.0
RECENT_DAYS = 30.0
SHARED_DAYS = 60.0
APART_DAYS = 14.0
NEIGHBOUR_DAYS = 10.0
COHORT_DAYS = 60.0
#: What an older item of the person's history counts where only the order is known.
RANK_KEPT = 0.8
#: Added to counts under a root, so that items and people of one touch do not rule.
ITEM_PRIOR = 2.0
USER_PRIOR = 5.0


class Ask(NamedTuple):
    """One request. user: row that holds the person's history. platform: code of what may be recommended.

    sources: latest items of the person that are walked from.

    window_days: how far two touches of one person may lie apart to be a co-visit. has_shared_clock: whether times of
    different people compare.
    """

    user: int
    platform: int
    now_s: float
    sources: int
    window_days: float
    has_shared_clock: bool


class Scratch(NamedTuple):
    """Workspace of one thread; a mark says which request a row was last written for.

    clock, n_met (1,): of requests, of items met. met (I,): their rows. signals (I, S); n_sources, n_takers (I,): from
    how many of the person's items, and by how many people in a week. source_sum, source_seen (I,): of the present
    source. own_mark (U,): who asks. people (U,): rows of neighbours. like, like_lately (U,): how alike they are.
    """

    clock: NDArray[np.int64]
    n_met: NDArray[np.int64]
    item_mark: NDArray[np.int64]
    met: Ints
    signals: Doubles
    n_sources: Ints
    n_takers: Ints
    source_sum: Doubles
    source_seen: Ints
    user_mark: NDArray[np.int64]
    own_mark: NDArray[np.int64]
    people: Ints
    like: Doubles
    like_lately: Doubles


class _Source(NamedTuple):
    """One item of the person's history. weight: by age; order_weight: by rank; rarity: of the item."""

    at: int
    item: int
    at_s: float
    age_days: float
    weight: float
    order_weight: float
    step_weight: float
    is_elsewhere: bool
    is_last: bool


def scratch_for(state: BehaviourState) -> Scratch:
    """A workspace as large as the state."""
    n_items, n_users = len(state.item_n), len(state.user_n)
    return Scratch(
        clock=np.zeros(1, np.int64),
        n_met=np.zeros(1, np.int64),
        item_mark=np.zeros(n_items, np.int64),
        met=np.zeros(n_items, np.int32),
        signals=np.zeros((n_items, N_SIGNALS)),
        n_sources=np.zeros(n_items, np.int32),
        n_takers=np.zeros(n_items, np.int32),
        source_sum=np.zeros(n_items),
        source_seen=np.zeros(n_items, np.int32),
        user_mark=np.zeros(n_users, np.int64),
        own_mark=np.zeros(n_users, np.int64),
        people=np.zeros(n_users, np.int32),
        like=np.zeros(n_users),
        like_lately=np.zeros(n_users),
    )


@compiled
def _meet(scratch: Scratch, item: int) -> None:
    """Begin an item's signals if this request has not met it yet."""
    if scratch.item_mark[item] == scratch.clock[0]:
        return
    scratch.item_mark[item] = scratch.clock[0]
    scratch.signals[item, :] = 0.0
    scratch.n_sources[item] = scratch.n_takers[item] = 0
    scratch.source_seen[item] = -1
    scratch.met[scratch.n_met[0]] = item
    scratch.n_met[0] += 1


@compiled
def _co_visit(scratch: Scratch, ask: Ask, source: _Source, touch: tuple[int, float, float, int], focus: float) -> None:
    """Add one co-visit. touch: (item, its time, time of the shared item by the same person, steps between).

    focus: 1 over the root of how much that person does.
    """
    item, at_s, shared_s, steps = touch
    gap_days = (at_s - shared_s) / DAY_S
    age_days = (ask.now_s - max(at_s, shared_s)) / DAY_S if ask.has_shared_clock else 0.0
    fading = math.exp(-math.log(2.0) / CO_VISIT_DAYS * max(age_days, 0.0))
    value = source.weight * fading
    signals = scratch.signals[item]
    signals[CO_VISIT] += value
    signals[FOCUSED] += value * focus
    if ask.has_shared_clock:
        # e^-x three times as fast is the cube: RECENT_DAYS is a third of CO_VISIT_DAYS.
        signals[RECENT] += source.weight * fading * fading * fading
    else:
        signals[RECENT] += source.order_weight
    if 0.0 < gap_days <= AFTER_DAYS:
        signals[AFTER] += value
    if abs(gap_days) <= 1.0:
        signals[SAME_DAY] += value
    if source.is_elsewhere:
        signals[TRANSFER] += value
    if source.is_last:
        signals[LAST] += value
    if 0 < steps <= STEPS:
        signals[TRANSITION] += source.step_weight * STEP_KEPT ** (steps - 1) * fading
    elif -STEPS <= steps < 0:
        signals[TRANSITION] += BACKWARDS * source.step_weight * STEP_KEPT ** (-steps - 1) * fading
    if scratch.source_seen[item] != source.at:
        scratch.source_seen[item] = source.at
        scratch.source_sum[item] = 0.0
        scratch.n_sources[item] += 1
    scratch.source_sum[item] += value
    signals[BEST] = max(signals[BEST], scratch.source_sum[item])


@compiled
def _follow(state: BehaviourState, scratch: Scratch, ask: Ask, source: _Source, taker: tuple[int, float]) -> None:
    """From somebody who took to the source, and when, to what else they took to."""
    other, shared_s = taker
    n = state.user_n[other]
    focus = 1.0 / math.sqrt(state.user_totals[other].sum() + USER_PRIOR)
    place = 0
    while place < n and state.user_items[other, place] != source.item:
        place += 1
    for at in range(n):
        item = state.user_items[other, at]
        at_s = float(state.user_times_s[other, at])
        if state.item_platform[item] != ask.platform or item == source.item:
            continue
        if abs(at_s - shared_s) > ask.window_days * DAY_S:
            continue
        _meet(scratch, item)
        steps = at - place if place < n else 0
        _co_visit(scratch, ask, source, (item, at_s, shared_s, steps), focus)


@compiled
def _source_at(state: BehaviourState, ask: Ask, at: int) -> _Source:
    """The person's item that lies `at` back from the last one."""
    last = state.user_n[ask.user] - 1
    item = state.user_items[ask.user, last - at]
    at_s = float(state.user_times_s[ask.user, last - at])
    age_days = max(ask.now_s - at_s, 0.0) / DAY_S
    rarity = 1.0 / math.sqrt(state.item_total[item] + ITEM_PRIOR)
    return _Source(
        at,
        item,
        at_s,
        age_days,
        decayed(age_days, CO_VISIT_DAYS) * rarity,
        RANK_KEPT**at * rarity,
        STEP_KEPT**at * rarity,
        state.item_platform[item] != ask.platform,
        at_s == float(state.user_times_s[ask.user, last]),
    )


@compiled
def _shared_by(state: BehaviourState, ask: Ask, source: _Source, shared_s: float) -> float:
    """How much it makes two people alike that both took to an item: rare, lately, and at about the same time."""
    apart_days = abs(shared_s - source.at_s) / DAY_S if ask.has_shared_clock else 0.0
    rarity = 1.0 / math.log(2.0 + state.item_total[source.item])
    return rarity * decayed(source.age_days, SHARED_DAYS) * (0.3 + 0.7 * decayed(apart_days, APART_DAYS))


@compiled
def _take_lately(state: BehaviourState, scratch: Scratch, ask: Ask, other: int) -> None:
    """Add what a neighbour took to in the last two months."""
    like, lately = scratch.like[other], scratch.like_lately[other]
    per_touch = like / math.sqrt(state.user_totals[other].sum() + USER_PRIOR)
    for at in range(state.user_n[other] - 1, -1, -1):
        age_days = (ask.now_s - float(state.user_times_s[other, at])) / DAY_S if ask.has_shared_clock else 0.0
        if age_days > COHORT_DAYS:
            break
        item = state.user_items[other, at]
        if state.item_platform[item] != ask.platform:
            continue
        _meet(scratch, item)
        signals = scratch.signals[item]
        fading = decayed(age_days, NEIGHBOUR_DAYS)
        signals[FADING] += per_touch * fading
        signals[ALIKE] += like * like * fading
        if age_days <= 3.0:
            signals[NEAR_3D] += like
        if age_days <= 7.0:
            signals[NEAR_7D] += like
            signals[COHORT_7D] += lately
            scratch.n_takers[item] += 1
        if age_days <= 30.0:
            signals[NEAR_30D] += like
            signals[COHORT_30D] += lately
            signals[NEAREST] = max(signals[NEAREST], like)


@compiled
def walk(state: BehaviourState, scratch: Scratch, ask: Ask, own: Ints) -> int:
    """Fill the signals of every item of the platform that the walk meets; how many, rows in `scratch.met`.

    own: rows of people (accounts) that are the person who asks: nobody is their own neighbour.
    """
    scratch.clock[0] += 1
    for row in own:
        scratch.own_mark[row] = scratch.clock[0]
    scratch.n_met[0] = n_people = 0
    for at in range(min(state.user_n[ask.user], ask.sources)):
        source = _source_at(state, ask, at)
        for touch in range(state.item_n[source.item]):
            other = state.item_users[source.item, touch]
            if scratch.own_mark[other] == scratch.clock[0]:
                continue
            shared_s = float(state.item_times_s[source.item, touch])
            if scratch.user_mark[other] != scratch.clock[0]:
                scratch.user_mark[other] = scratch.clock[0]
                scratch.like[other] = scratch.like_lately[other] = 0.0
                scratch.people[n_people] = other
                n_people += 1
            shared = _shared_by(state, ask, source, shared_s)
            scratch.like[other] += shared
            if source.age_days <= COHORT_DAYS:
                scratch.like_lately[other] += shared
            _follow(state, scratch, ask, source, (other, shared_s))
    for at in range(n_people):
        _take_lately(state, scratch, ask, scratch.people[at])
    for at in range(scratch.n_met[0]):
        # The other half of the cosine.
        item = scratch.met[at]
        scratch.signals[item, :TRANSITION] /= math.sqrt(state.item_total[item] + ITEM_PRIOR)
    return int(scratch.n_met[0])
