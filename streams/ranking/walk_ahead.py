"""What the walk asks memory for before it comes there: who took to a source, what they did, what is known of that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.ranking.compiled import inlined
from streams.ranking.prefetching import AHEAD, fetch
from streams.ranking.state import TOTAL, BehaviourState, Ints


@inlined
def fetch_person(state: BehaviourState, row: int) -> None:
    """Ask for what tells whether somebody is worth following."""
    fetch(state.user_n, row, 0)
    fetch(state.user_habits, row, TOTAL)
    fetch(state.user_totals, row, 0)
    fetch(state.user_next, row, 0)
    fetch(state.user_person, row, 0)


@inlined
def fetch_touches(state: BehaviourState, row: int, platform: int) -> None:
    """Ask for about twenty touches of an account that has any there; what `fetch_person` asked for is there by now."""
    if state.user_totals[row, platform] > 0:
        for column in (0, 16):
            fetch(state.user_items, row, column)
            fetch(state.user_times_s, row, column)


@inlined
def fetch_items(state: BehaviourState, item_place: Ints, row: int, platform: int) -> None:
    """Ask for what `_follow` reads of an account's items, which are there by now."""
    if state.user_totals[row, platform] > 0:
        for at in range(state.user_n[row]):
            fetch(state.item_platform, state.user_items[row, at], 0)
            fetch(item_place, state.user_items[row, at], 0)


@inlined
def fetch_soon(state: BehaviourState, item_place: Ints, shared: NDArray[np.int64], at: int, platform: int) -> None:
    """Ask for those whom the walk comes to soon, and half as far ahead for what they do with their next account."""
    if at + 3 * AHEAD < len(shared):
        fetch_person(state, shared[at + 3 * AHEAD, 1])
    if at + 2 * AHEAD < len(shared):
        row = shared[at + 2 * AHEAD, 1]
        fetch_touches(state, row, platform)
        fetch_person(state, state.user_next[row])
    if at + AHEAD < len(shared):
        row = shared[at + AHEAD, 1]
        fetch_items(state, item_place, row, platform)
        fetch_touches(state, state.user_next[row], platform)
    if at + AHEAD // 2 < len(shared):
        row = shared[at + AHEAD // 2, 1]
        if state.user_next[row] != row:
            fetch_items(state, item_place, state.user_next[row], platform)
