"""One person from several accounts: rings of accounts, and the history of whoever asks, put together for a request.

An account acts on one platform, so what is taken to on one and what on another meets in persons alone. Links come and
go; touches stay with the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking.compiled import compiled, inlined
from streams.ranking.state import MASS, TOTAL, BehaviourState, Ints

#: The row that holds the history of whoever asks; no account has it.
ASKING: Final = 0


def link(state: BehaviourState, accounts: NDArray[np.integer]) -> None:
    """From now on these accounts (rows), and no others, are one person. Whom they were with stays together."""
    wanted = np.unique(accounts)
    if not len(wanted) or sorted(ring_of(state, int(wanted[0]))) == wanted.tolist():
        return
    for person in np.unique(state.user_person[wanted]):
        _close(state, np.setdiff1d(ring_of(state, int(person)), wanted))
    _close(state, wanted)


def link_each(state: BehaviourState, accounts: Ints) -> None:
    """Each row of accounts (N, A), which were alone, is one person."""
    state.user_next[accounts] = np.roll(accounts, -1, axis=1)
    state.user_person[accounts] = accounts.min(axis=1, keepdims=True)


def unlink(state: BehaviourState, accounts: Sequence[int]) -> None:
    """Each of these accounts (rows) is alone; whom they were with stays together."""
    for account in accounts:
        if state.user_next[account] != account:
            link(state, np.array([account]))


def ring_of(state: BehaviourState, account: int) -> list[int]:
    """The accounts (rows) of a person, this one first."""
    ring = [account]
    while (after := int(state.user_next[ring[-1]])) != account:
        ring.append(after)
    return ring


def _close(state: BehaviourState, accounts: NDArray[np.integer]) -> None:
    if len(accounts):
        link_each(state, accounts[None].astype(np.int32))


@compiled
def assemble(state: BehaviourState, into: int, accounts: Ints) -> None:
    """Write what `accounts` (rows) did into the row `into`, as if one account had done it all.

    Touches are the latest of all, those of one time as each account has them; sums are sums, the gap is the mean by
    touches. No accounts leave an empty history.
    """
    state.user_items[into, :] = 0
    state.user_times_s[into, :] = 0
    state.user_totals[into, :] = 0
    state.user_habits[into, :] = 0.0
    state.user_n[into] = 0
    gaps = state.user_gap[into] = state.user_first_s[into] = state.user_last_s[into] = 0.0
    places = np.empty(state.user_items.shape[1], np.int32)
    for account in accounts:
        if state.user_habits[account, MASS] == 0.0:
            continue
        is_first = state.user_habits[into, MASS] == 0.0
        state.user_totals[into, :] += state.user_totals[account]
        state.user_habits[into, :] += state.user_habits[account]
        gaps += state.user_gap[account] * state.user_habits[account, TOTAL]
        first_s, last_s = state.user_first_s[account], state.user_last_s[account]
        state.user_first_s[into] = first_s if is_first else min(state.user_first_s[into], first_s)
        state.user_last_s[into] = last_s if is_first else max(state.user_last_s[into], last_s)
        for place in range(state.user_n[account]):
            _keep(state, into, places, (state.user_times_s[account, place], place, state.user_items[account, place]))
    if state.user_habits[into, TOTAL] > 0.0:
        state.user_gap[into] = gaps / state.user_habits[into, TOTAL]


@inlined
def _keep(state: BehaviourState, into: int, places: Ints, touch: tuple[int, int, int]) -> None:
    """Put a touch (time, place in its account, item) among the latest of the row, which rise in this order."""
    items, times_s, n = state.user_items[into], state.user_times_s[into], state.user_n[into]
    at_s, touch_place, item = touch
    at = n
    while at > 0 and (times_s[at - 1], places[at - 1], items[at - 1]) > (at_s, touch_place, item):
        at -= 1
    if n < len(items):
        for later in range(n, at, -1):
            times_s[later], places[later], items[later] = times_s[later - 1], places[later - 1], items[later - 1]
        state.user_n[into] += 1
    else:
        at -= 1
        for earlier in range(at):
            times_s[earlier], places[earlier] = times_s[earlier + 1], places[earlier + 1]
            items[earlier] = items[earlier + 1]
    if at >= 0:
        times_s[at], places[at], items[at] = at_s, touch_place, item
