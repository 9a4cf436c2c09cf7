"""One person from several accounts: the history that the loops read, put together for a request."""

from __future__ import annotations

import numpy as np

from streams.ranking.state import MASS, TOTAL, BehaviourState, Ints


def assemble(state: BehaviourState, into: int, accounts: Ints) -> None:
    """Write what `accounts` (rows) did into the row `into`, as if one account had done it all.

    Touches are the latest of all, sums are sums, the gap is the mean by touches. No accounts leave an empty history.
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
    latest = np.lexsort((items, times_s))[-state.user_items.shape[1] :]
    state.user_items[into, : len(latest)] = items[latest]
    state.user_times_s[into, : len(latest)] = times_s[latest]
    state.user_n[into] = len(latest)
    state.user_totals[into] = state.user_totals[known].sum(axis=0)
    state.user_habits[into] = state.user_habits[known].sum(axis=0)
    state.user_gap[into] = np.average(state.user_gap[known], weights=state.user_habits[known, TOTAL])
    state.user_first_s[into] = state.user_first_s[known].min()
    state.user_last_s[into] = state.user_last_s[known].max()
