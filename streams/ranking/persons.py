"""One person from several accounts: rings of accounts, and the history of whoever asks, put together for a request.

An account acts on one platform, so what is taken to on one and what on another meets in persons alone. Links come and
go; touches stay with the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

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


def assemble(state: BehaviourState, into: int, accounts: Ints) -> None:
    """Write what `accounts` (rows) did into the row `into`, as if one account had done it all.

    Touches are the latest of all, those of one time as each account has them; sums are sums, the gap is the mean by
    touches. No accounts leave an empty history.
    """
    for array in (state.user_items, state.user_times_s, state.user_totals, state.user_habits):
        array[into] = 0
    for array in (state.user_n, state.user_gap, state.user_first_s, state.user_last_s):
        array[into] = 0
    known = accounts[state.user_habits[accounts, MASS] > 0.0]
    if not len(known):
        return
    items = np.concatenate([state.user_items[row, : state.user_n[row]] for row in known])
    times_s = np.concatenate([state.user_times_s[row, : state.user_n[row]] for row in known])
    places = np.concatenate([np.arange(state.user_n[row]) for row in known])
    latest = np.lexsort((items, places, times_s))[-state.user_items.shape[1] :]
    state.user_items[into, : len(latest)] = items[latest]
    state.user_times_s[into, : len(latest)] = times_s[latest]
    state.user_n[into] = len(latest)
    state.user_totals[into] = state.user_totals[known].sum(axis=0)
    state.user_habits[into] = state.user_habits[known].sum(axis=0)
    state.user_gap[into] = np.average(state.user_gap[known], weights=state.user_habits[known, TOTAL])
    state.user_first_s[into] = state.user_first_s[known].min()
    state.user_last_s[into] = state.user_last_s[known].max()
