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
from streams.ranking.compiled import compiled, inlined
from streams.ranking.observing import decayed
from streams.ranking.prefetching import AHEAD, FAR_AHEAD, fetch
from streams.ranking.state import TOTAL, BehaviourState, Doubles, Ints
from streams.ranking.walk_ahead import fetch_person, fetch_soon, fetch_touches

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

#: Further columns: from how many of the person's items, by how many people in a week; of the present source, the sum
#: and which one it is.
(N_SOURCES, N_TAKERS, SOURCE_SUM, SOURCE_SEEN) = range(17, 21)
#: Whole lines of the processor's cache.
COLUMNS = 24

AFTER_DAYS = 21.0
#: Steps that a transition may take, what a further step leaves, and what backwards counts.
STEPS = 8
STEP_KEPT = 0.7
_STEPS_KEPT = STEP_KEPT ** np.arange(STEPS)
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
    """Workspace of one thread. What a request met lies packed, in the order it was met: in a row, not all over memory.

    n_met (1,): of items. met (I,): their rows, by place; item_place (I,): the other way, of those that were met.
    signals (I, COLUMNS), by place: `SIGNALS`, then the columns below. people, person_place (U,): likewise, people by
    their lowest account, first the one who asks. like (U, 2), by place: how alike they are, and by what both took to
    lately.
    """

    n_met: NDArray[np.int64]
    met: Ints
    item_place: Ints
    signals: Doubles
    people: Ints
    person_place: Ints
    like: Doubles


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
    """A workspace as large as the state; memory comes as it is used."""
    n_items, n_users = len(state.item_n), len(state.user_n)
    return Scratch(
        n_met=np.zeros(1, np.int64),
        met=np.zeros(n_items, np.int32),
        item_place=np.zeros(n_items, np.int32),
        signals=np.zeros((n_items, COLUMNS)),
        people=np.zeros(n_users, np.int32),
        person_place=np.zeros(n_users, np.int32),
        like=np.zeros((n_users, 2)),
    )


@inlined
def place_of(scratch: Scratch, item: int) -> int:
    """Where the signals of an item are; -1 when this request has not met it."""
    # What an earlier request left in item_place is told by met, which says otherwise.
    place = scratch.item_place[item]
    return int(place) if place < scratch.n_met[0] and scratch.met[place] == item else -1


@inlined
def _meet(scratch: Scratch, item: int) -> int:
    """The place of an item's signals, begun if this request has not met it yet."""
    place = place_of(scratch, item)
    if place < 0:
        place = scratch.n_met[0]
        scratch.n_met[0] += 1
        scratch.met[place], scratch.item_place[item] = item, place
        for column in range(COLUMNS):
            scratch.signals[place, column] = 0.0
        scratch.signals[place, SOURCE_SEEN] = -1.0
    return int(place)


@inlined
def _co_visit(signals: Doubles, ask: Ask, source: _Source, touch: tuple[float, float, int], focus: float) -> None:
    """Add one co-visit to an item's signals. touch: (time, time of the shared item by the same person, steps between).

    focus: 1 over the root of how much that person does.
    """
    at_s, shared_s, steps = touch
    gap_days = (at_s - shared_s) / DAY_S
    age_days = (ask.now_s - max(at_s, shared_s)) / DAY_S if ask.has_shared_clock else 0.0
    fading = math.exp(-math.log(2.0) / CO_VISIT_DAYS * max(age_days, 0.0))
    value = source.weight * fading
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
        signals[TRANSITION] += source.step_weight * _STEPS_KEPT[steps - 1] * fading
    elif -STEPS <= steps < 0:
        signals[TRANSITION] += BACKWARDS * source.step_weight * _STEPS_KEPT[-steps - 1] * fading
    if signals[SOURCE_SEEN] != source.at:
        signals[SOURCE_SEEN] = source.at
        signals[SOURCE_SUM] = 0.0
        signals[N_SOURCES] += 1.0
    signals[SOURCE_SUM] += value
    signals[BEST] = max(signals[BEST], signals[SOURCE_SUM])


@inlined
def _follow(state: BehaviourState, scratch: Scratch, ask: Ask, source: _Source, taker: tuple[int, float]) -> None:
    """From somebody who took to the source, and when, to what else they took to, with any of their accounts."""
    focus = 1.0 / math.sqrt(_total_of(state, taker[0]) + USER_PRIOR)
    account = taker[0]
    while True:
        if state.user_totals[account, ask.platform] > 0:
            _follow_account(state, scratch, ask, source, (account, taker[1], focus))
        account = state.user_next[account]
        if account == taker[0]:
            break


@inlined
def _follow_account(
    state: BehaviourState, scratch: Scratch, ask: Ask, source: _Source, taker: tuple[int, float, float]
) -> None:
    """taker: (one of their accounts, when they took to the source, see `_co_visit`'s focus)."""
    account, shared_s, focus = taker
    n = state.user_n[account]
    place = 0
    while place < n and state.user_items[account, place] != source.item:
        place += 1
    for at in range(n):
        item = state.user_items[account, at]
        at_s = float(state.user_times_s[account, at])
        if state.item_platform[item] != ask.platform or item == source.item:
            continue
        if abs(at_s - shared_s) > ask.window_days * DAY_S:
            continue
        steps = at - place if place < n else 0
        _co_visit(scratch.signals[_meet(scratch, item)], ask, source, (at_s, shared_s, steps), focus)


@inlined
def _total_of(state: BehaviourState, account: int) -> float:
    """Touches ever of a person, with all accounts."""
    total, other = state.user_habits[account, TOTAL], state.user_next[account]
    while other != account:
        total += state.user_habits[other, TOTAL]
        other = state.user_next[other]
    return float(total)


@inlined
def _person_at(scratch: Scratch, row: int, n_people: int) -> int:
    """The place of somebody among the n_people met so far, or right behind, where their likeness begins."""
    place = scratch.person_place[row]
    if place < n_people and scratch.people[place] == row:
        return int(place)
    scratch.people[n_people], scratch.person_place[row] = row, n_people
    scratch.like[n_people, :] = 0.0
    return n_people


@inlined
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


@inlined
def _alike_by(state: BehaviourState, ask: Ask, source: _Source, shared_s: float) -> float:
    """How much it makes two people alike that both took to an item: rare, lately, and at about the same time."""
    apart_days = abs(shared_s - source.at_s) / DAY_S if ask.has_shared_clock else 0.0
    rarity = 1.0 / math.log(2.0 + state.item_total[source.item])
    return rarity * decayed(source.age_days, SHARED_DAYS) * (0.3 + 0.7 * decayed(apart_days, APART_DAYS))


@inlined
def _take_lately(state: BehaviourState, scratch: Scratch, ask: Ask, person: int) -> None:
    """Add what a neighbour took to in the last two months, with any of their accounts. person: their place."""
    first = account = scratch.people[person]
    per_touch = scratch.like[person, 0] / math.sqrt(_total_of(state, account) + USER_PRIOR)
    while True:
        if state.user_totals[account, ask.platform] > 0:
            _take_account(state, scratch, ask, (account, person, per_touch))
        account = state.user_next[account]
        if account == first:
            break


@inlined
def _take_account(state: BehaviourState, scratch: Scratch, ask: Ask, neighbour: tuple[int, int, float]) -> None:
    """neighbour: (one of their accounts, their place, likeness a touch)."""
    account, person, per_touch = neighbour
    like, lately = scratch.like[person, 0], scratch.like[person, 1]
    for at in range(state.user_n[account] - 1, -1, -1):
        age_days = (ask.now_s - float(state.user_times_s[account, at])) / DAY_S if ask.has_shared_clock else 0.0
        if age_days > COHORT_DAYS:
            break
        item = state.user_items[account, at]
        if state.item_platform[item] != ask.platform:
            continue
        signals = scratch.signals[_meet(scratch, item)]
        fading = decayed(age_days, NEIGHBOUR_DAYS)
        signals[FADING] += per_touch * fading
        signals[ALIKE] += like * like * fading
        if age_days <= 3.0:
            signals[NEAR_3D] += like
        if age_days <= 7.0:
            signals[NEAR_7D] += like
            signals[COHORT_7D] += lately
            signals[N_TAKERS] += 1.0
        if age_days <= 30.0:
            signals[NEAR_30D] += like
            signals[COHORT_30D] += lately
            signals[NEAREST] = max(signals[NEAREST], like)


@inlined
def _take_all_lately(state: BehaviourState, scratch: Scratch, ask: Ask, people: tuple[int, int]) -> None:
    """people: first and one past the last place of the neighbours."""
    for person in range(people[0], people[1]):
        if person + 2 * AHEAD < people[1]:
            fetch_person(state, scratch.people[person + 2 * AHEAD])
        if person + AHEAD < people[1]:
            fetch_touches(state, scratch.people[person + AHEAD], ask.platform)
        _take_lately(state, scratch, ask, person)


@inlined
def _shared_touches(state: BehaviourState, ask: Ask) -> NDArray[np.int64]:
    """What the walk goes along, source by source: int64 (M, 3), (which source, who took to it, which touch of it)."""
    last, n_sources = state.user_n[ask.user] - 1, min(state.user_n[ask.user], ask.sources)
    n = 0
    for at in range(n_sources):
        n += state.item_n[state.user_items[ask.user, last - at]]
    shared = np.empty((n, 3), np.int64)
    n = 0
    for at in range(n_sources):
        item = state.user_items[ask.user, last - at]
        for touch in range(state.item_n[item]):
            shared[n, 0], shared[n, 1], shared[n, 2] = at, state.item_users[item, touch], touch
            n += 1
    return shared


@inlined
def _divide_by_rarity(state: BehaviourState, scratch: Scratch) -> None:
    """The other half of the cosines."""
    n_met = scratch.n_met[0]
    for place in range(n_met):
        if place + FAR_AHEAD < n_met:
            fetch(state.item_total, scratch.met[place + FAR_AHEAD], 0)
        norm = math.sqrt(state.item_total[scratch.met[place]] + ITEM_PRIOR)
        for signal in range(TRANSITION):
            scratch.signals[place, signal] /= norm


@compiled
def walk(state: BehaviourState, scratch: Scratch, ask: Ask, own: Ints) -> int:
    """Fill the signals of every item of the platform that the walk meets; how many, rows in `scratch.met`.

    own: rows of accounts of the person who asks: nobody is their own neighbour.
    """
    scratch.n_met[0] = n_people = 0
    for row in own:
        n_people = max(n_people, _person_at(scratch, state.user_person[row], n_people) + 1)
    n_own = n_people
    shared = _shared_touches(state, ask)
    if len(shared):
        source = _source_at(state, ask, 0)
    for at in range(len(shared)):
        fetch_soon(state, scratch.item_place, shared, at, ask.platform)
        if shared[at, 0] != source.at:
            source = _source_at(state, ask, shared[at, 0])
        other, shared_s = shared[at, 1], float(state.item_times_s[source.item, shared[at, 2]])
        person = _person_at(scratch, state.user_person[other], n_people)
        n_people = max(n_people, person + 1)
        if person < n_own:
            continue
        alike = _alike_by(state, ask, source, shared_s)
        scratch.like[person, 0] += alike
        if source.age_days <= COHORT_DAYS:
            scratch.like[person, 1] += alike
        _follow(state, scratch, ask, source, (other, shared_s))
    _take_all_lately(state, scratch, ask, (n_own, n_people))
    _divide_by_rarity(state, scratch)
    return int(scratch.n_met[0])
