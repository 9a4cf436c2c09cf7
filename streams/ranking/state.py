"""What is kept of everybody's behaviour, as arrays that compiled loops read: no pair of items or people is stored.

An item knows who took to it last, a person what they took to last; co-visits and neighbours are found by walking from
one to the other when somebody asks. Shapes: I items, U people, P platforms, R touches kept an item, L a person,
N habits.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Half-lives of an item's decayed counts, days: a rush, a week, a month.
HALF_LIVES_DAYS: Final = (2.0, 7.0, 30.0)
N_HEATS: Final = len(HALF_LIVES_DAYS)
#: What a person's taste for the new is made of: the mean, over what they took to, of ln(1 + x) of the item just before:
#: its heats at the three half-lives, days since its burst began, days since it was first seen, count so far.
HABITS: Final = ("heat_2d", "heat_7d", "heat_30d", "burst_days", "age_days", "count")
N_HABITS: Final = len(HABITS)
#: Columns of `user_habits`: the decayed number of habits, touches ever, then the habits. What a request reads of very
#: many people lies in one line of the processor's cache.
(MASS, TOTAL, HABIT) = range(3)
#: An item without a touch for so long begins a new burst with the next one.
BURST_GAP_DAYS: Final = 30.0

Ints = NDArray[np.int32]
Seconds = NDArray[np.uint32]
Doubles = NDArray[np.float64]


class BehaviourState(NamedTuple):
    """Rows are handles; a platform code of -1 marks a row that stands for nothing.

    item_platform (I,). item_users, item_times_s (I, R): latest touches, rising in time, the first item_n of a row.
    item_total (I,): touches ever. item_first_s, item_last_s, item_burst_s (I,). item_sums (I, 2·heats): decayed counts
    as of item_last_s, plain and then weighted by how much those who touched follow what is new.
    user_items, user_times_s (U, L), user_n: likewise. user_totals (U, P): touches ever by platform. user_first_s,
    user_last_s (U,). user_gap (U,): moving mean of ln(1 + days between active times). user_habits (U, 2 + N): decayed
    sums of the number of habits and of the habits, touches ever between them. user_next (U,): the next account of the
    same person, in a ring; user_person (U,): the lowest account of that ring. An account alone is its own. everybody
    (N + 1,): habits and their number over all people.
    """

    item_platform: Ints
    item_users: Ints
    item_times_s: Seconds
    item_n: Ints
    item_total: Ints
    item_first_s: Doubles
    item_last_s: Doubles
    item_burst_s: Doubles
    item_sums: Doubles
    user_items: Ints
    user_times_s: Seconds
    user_n: Ints
    user_totals: Ints
    user_first_s: Doubles
    user_last_s: Doubles
    user_gap: Doubles
    user_habits: Doubles
    user_next: Ints
    user_person: Ints
    everybody: Doubles


class Bounds(NamedTuple):
    """How much is kept. item_touches: latest people an item; user_touches: latest items a person."""

    item_touches: int = 60
    user_touches: int = 50
    max_items: int = 400_000
    max_users: int = 1_000_000


def empty_state(n_items: int, n_users: int, n_platforms: int, bounds: Bounds) -> BehaviourState:
    """Rows that stand for nothing yet."""
    return BehaviourState(
        item_platform=np.full(n_items, -1, np.int32),
        item_users=np.zeros((n_items, bounds.item_touches), np.int32),
        item_times_s=np.zeros((n_items, bounds.item_touches), np.uint32),
        item_n=np.zeros(n_items, np.int32),
        item_total=np.zeros(n_items, np.int32),
        item_first_s=np.zeros(n_items),
        item_last_s=np.zeros(n_items),
        item_burst_s=np.zeros(n_items),
        item_sums=np.zeros((n_items, 2 * N_HEATS)),
        user_items=np.zeros((n_users, bounds.user_touches), np.int32),
        user_times_s=np.zeros((n_users, bounds.user_touches), np.uint32),
        user_n=np.zeros(n_users, np.int32),
        user_totals=np.zeros((n_users, n_platforms), np.int32),
        user_first_s=np.zeros(n_users),
        user_last_s=np.zeros(n_users),
        user_gap=np.zeros(n_users),
        user_habits=np.zeros((n_users, HABIT + N_HABITS)),
        user_next=np.arange(n_users, dtype=np.int32),
        user_person=np.arange(n_users, dtype=np.int32),
        everybody=np.zeros(N_HABITS + 1),
    )


def grown(state: BehaviourState, n_items: int, n_users: int, n_platforms: int, bounds: Bounds) -> BehaviourState:
    """A copy with room for at least so many; the rows keep their numbers."""
    larger = empty_state(n_items, n_users, n_platforms, bounds)
    for name in BehaviourState._fields:
        old: NDArray[np.generic] = getattr(state, name)
        getattr(larger, name)[tuple(slice(0, size) for size in old.shape)] = old
    return larger
