"""The loops by which behaviour changes the state: touches come in, people and items go out.

Touches of the same time are one step: what they change is seen by later steps only, so their order says nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S
from streams.ranking.compiled import compiled, inlined
from streams.ranking.state import (
    BURST_GAP_DAYS,
    HABIT,
    MASS,
    N_HABITS,
    N_HEATS,
    TOTAL,
    BehaviourState,
    Doubles,
    Ints,
    Seconds,
)

#: What one more active time leaves of a person's earlier habits, and one more touch of everybody's.
HABIT_KEPT = 0.85
EVERYBODY_KEPT = 0.9995
#: What one more active time leaves of the mean gap.
GAP_KEPT = 0.7
#: Below it "everybody" has no habit yet to compare with.
LEAST_HABIT = 0.05


@inlined
def decayed(days: float, half_life_days: float) -> float:
    """2^(-days/half-life); time never runs backwards."""
    return float(2.0 ** (-max(days, 0.0) / half_life_days))


@inlined
def heat_kept(days: float, at: int) -> float:
    """What `days` leave of the decayed count `at` (0 to 2)."""
    return decayed(days, 2.0 if at == 0 else 7.0 if at == 1 else 30.0)


@inlined
def usual(state: BehaviourState, habit: int) -> float:
    """Everybody's mean of a habit."""
    mass = state.everybody[N_HABITS]
    return float(state.everybody[habit] / mass) if mass > 0.0 else 0.0


@inlined
def drawn_to(everybodys: float, state: BehaviourState, user: int, habit: int) -> float:
    """`habit_of`, for whoever asks about many people and knows everybody's mean."""
    known = state.user_habits[user, HABIT + habit]
    return float((known + everybodys) / (state.user_habits[user, MASS] + 1.0))


@inlined
def habit_of(state: BehaviourState, user: int, habit: int) -> float:
    """A person's mean of a habit, drawn towards everybody's as if that were one more touch."""
    return drawn_to(usual(state, habit), state, user, habit)


@compiled
def keep_latest(ids: Ints, times_s: Seconds, n: int, new_id: int, at_s: int) -> int:
    """Put a touch among the n latest of a row, rising in time; how many are kept then."""
    room = len(ids)
    if n == room:
        if at_s < times_s[0]:
            return n
        for at in range(1, room):
            ids[at - 1], times_s[at - 1] = ids[at], times_s[at]
        n -= 1
    at = n
    while at > 0 and times_s[at - 1] > at_s:
        ids[at], times_s[at] = ids[at - 1], times_s[at - 1]
        at -= 1
    ids[at], times_s[at] = new_id, at_s
    return n + 1


@inlined
def _describe_item(state: BehaviourState, item: int, at_s: float, habits: Doubles) -> None:
    """What an item looks like at a time, in the terms of `HABITS`, into (N,)."""
    if state.item_total[item] == 0:
        return
    idle_days = (at_s - state.item_last_s[item]) / DAY_S
    for at in range(N_HEATS):
        habits[at] = math.log1p(state.item_sums[item, at] * heat_kept(idle_days, at))
    if idle_days <= BURST_GAP_DAYS:
        habits[3] = math.log1p(max(at_s - state.item_burst_s[item], 0.0) / DAY_S)
    habits[4] = math.log1p(max(at_s - state.item_first_s[item], 0.0) / DAY_S)
    habits[5] = math.log1p(state.item_total[item])


@inlined
def _touch_item(state: BehaviourState, item: int, at_s: float, weight: float, followed: float) -> None:
    if state.item_total[item] == 0:
        state.item_first_s[item] = state.item_burst_s[item] = state.item_last_s[item] = at_s
    days = (at_s - state.item_last_s[item]) / DAY_S
    if days > BURST_GAP_DAYS:
        state.item_burst_s[item] = at_s
    for at in range(N_HEATS):
        # A late touch counts what time has left of it; a timely one makes the others older.
        kept, late = heat_kept(days, at), heat_kept(-days, at)
        state.item_sums[item, at] = state.item_sums[item, at] * kept + weight * late
        state.item_sums[item, N_HEATS + at] = state.item_sums[item, N_HEATS + at] * kept + weight * followed * late
    state.item_last_s[item] = max(state.item_last_s[item], at_s)
    state.item_first_s[item] = min(state.item_first_s[item], at_s)
    state.item_total[item] += 1


@inlined
def _touch_user(state: BehaviourState, user: int, platform: int, at_s: float, habits: Doubles) -> None:
    known = state.user_habits[user]
    if known[MASS] == 0.0:
        state.user_first_s[user] = state.user_last_s[user] = at_s
    elif at_s > state.user_last_s[user]:
        gap = math.log1p((at_s - state.user_last_s[user]) / DAY_S)
        mean = state.user_gap[user]
        state.user_gap[user] = gap if mean == 0.0 else GAP_KEPT * mean + (1.0 - GAP_KEPT) * gap
        state.user_last_s[user] = at_s
        # Once an active time, not a touch: the order of a day's touches must not matter.
        known[MASS] *= HABIT_KEPT
        known[HABIT:] *= HABIT_KEPT
    state.user_totals[user, platform] += 1
    known[MASS] += 1.0
    known[TOTAL] += 1.0
    known[HABIT:] += habits


@compiled
def observe_step(state: BehaviourState, users: Ints, items: Ints, at_s: float, weights: Doubles) -> None:
    """Touches (n,) of one time. weights: > 0, 1 for what a review says."""
    n = len(users)
    habits = np.zeros((n, N_HABITS))
    followed = np.ones(n)
    norm = max(usual(state, 1), LEAST_HABIT)
    for at in range(n):
        _describe_item(state, items[at], at_s, habits[at])
        if state.everybody[N_HABITS] > 0.0:
            followed[at] = habit_of(state, users[at], 1) / norm
    state.everybody[:] *= EVERYBODY_KEPT**n
    state.everybody[N_HABITS] += n
    for at in range(n):
        state.everybody[:N_HABITS] += habits[at]
        user, item = users[at], items[at]
        _touch_item(state, item, at_s, weights[at], followed[at])
        _touch_user(state, user, state.item_platform[item], at_s, habits[at])
        state.item_n[item] = keep_latest(
            state.item_users[item], state.item_times_s[item], state.item_n[item], user, int(at_s)
        )
        state.user_n[user] = keep_latest(
            state.user_items[user], state.user_times_s[user], state.user_n[user], item, int(at_s)
        )


@compiled
def drop_ids(ids: Ints, times_s: Seconds, counts: Ints, gone: NDArray[np.bool_]) -> None:
    """Take ids that are marked in `gone` out of all rows; the others close ranks, and what they leave is zeroed."""
    for row in range(len(counts)):
        kept = 0
        for at in range(counts[row]):
            if not gone[ids[row, at]]:
                ids[row, kept], times_s[row, kept] = ids[row, at], times_s[row, at]
                kept += 1
        for at in range(kept, counts[row]):
            ids[row, at], times_s[row, at] = 0, 0
        counts[row] = kept
