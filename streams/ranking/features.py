"""What the re-ranker reads of each candidate: one row of numbers an item, made from the state in compiled loops.

Everything is as of just before the request. Counts, heats and days are ln(1 + x), signals of the walk ln(x + .001), so
that a network sees ratios. What is not known is 0 or, for ages, a long time. Shapes: N candidates, F features.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S
from streams.ranking.compiled import compiled
from streams.ranking.neighbours import N_SIGNALS, NEAREST, SIGNALS, Ask, Scratch
from streams.ranking.observing import habit_of, heat_kept
from streams.ranking.state import BURST_GAP_DAYS, HABITS, N_HABITS, N_HEATS, BehaviourState, Ints
from streams.ranking.words import WORD_SIGNALS

Floats = NDArray[np.float32]

_ITEM: Final = (
    "heat_2d", "heat_7d", "heat_30d", "followed_2d", "followed_7d", "followed_30d",
    "touches_1d", "touches_3d", "touches_7d", "touches_14d", "touches_90d", "touches",
    "burst_days", "age_days", "idle_days", "third_last_days", "tenth_last_days",
    "rise_2d", "rise_7d", "rise_followed", "takers_follow", "takers_active", "has_title", "place_now",
)  # fmt: skip
_PERSON: Final = (
    "person_touches", "person_touches_here", "person_share_here", "person_idle_days", "person_days", "person_gap",
    "person_touches_7d", "person_touches_30d", "person_last_basket", *(f"person_{habit}" for habit in HABITS),
)  # fmt: skip
_FIT: Final = (*(f"fit_{habit}" for habit in HABITS), "fit_takers", "fit_followed")
_WALK: Final = (*SIGNALS, "sources", "takers_near_7d", "share_of_takers_near")
_WORDS: Final = WORD_SIGNALS
#: Features of which the place among the request's candidates is a feature too.
RANKED: Final = ("heat_7d", "followed_7d", "co_visit", "neighbours_fading", "words_best")
FEATURES: Final = (*_ITEM, *_PERSON, *_FIT, *_WALK, *_WORDS, *(f"rank_{name}" for name in RANKED))
N_FEATURES: Final = len(FEATURES)

_PERSON_AT = len(_ITEM)
_FIT_AT = _PERSON_AT + len(_PERSON)
_WALK_AT = _FIT_AT + len(_FIT)
_WORDS_AT = _WALK_AT + len(_WALK)
_RANKS_AT = _WORDS_AT + len(_WORDS)
_RANKED_COLUMNS = np.array([FEATURES.index(name) for name in RANKED])
(_HEAT, _FOLLOWED, _TOUCHES, _BURST, _AGE, _IDLE) = (0, 3, 11, 12, 13, 14)
_TAKERS_FOLLOW = 20

#: ln(1 + days) of what never happened: about three years.
LONG_AGO = 7.0
#: Latest takers of an item whose habits speak for it.
LATEST_TAKERS = 10


class Candidates(NamedTuple):
    """rows: items (N,). words: float32 (N, W), see `streams.ranking.words`. has_title: bool (I,).

    places: ln(1 + place among what is hot now) (I,).
    """

    rows: Ints
    words: Floats
    places: Floats
    has_title: NDArray[np.bool_]


@compiled
def _log(value: float) -> float:
    return math.log1p(max(value, 0.0))


@compiled
def _write_item(state: BehaviourState, item: int, now_s: float, row: Floats) -> None:
    """The item by itself: how hot, how old, rising or falling, and what sort of people took to it last."""
    n = state.item_n[item]
    row[_TOUCHES] = _log(state.item_total[item])
    if state.item_total[item] == 0:
        row[_IDLE] = row[_IDLE + 1] = row[_IDLE + 2] = LONG_AGO
        return
    idle_days = (now_s - state.item_last_s[item]) / DAY_S
    for at in range(N_HEATS):
        kept = heat_kept(idle_days, at)
        row[_HEAT + at] = _log(state.item_sums[item, at] * kept)
        row[_FOLLOWED + at] = _log(state.item_sums[item, N_HEATS + at] * kept)
    counts = np.zeros(5)
    follow = active = 0.0
    for at in range(n - 1, -1, -1):
        days = (now_s - float(state.item_times_s[item, at])) / DAY_S
        for window, width in enumerate((1.0, 3.0, 7.0, 14.0, 90.0)):
            counts[window] += days <= width
        if n - at <= LATEST_TAKERS:
            taker = state.item_users[item, at]
            follow += habit_of(state, taker, 1)
            active += _log(state.user_totals[taker].sum())
    for window in range(5):
        row[6 + window] = _log(counts[window])
    row[_BURST] = _log((now_s - state.item_burst_s[item]) / DAY_S) if idle_days <= BURST_GAP_DAYS else 0.0
    row[_AGE] = _log((now_s - state.item_first_s[item]) / DAY_S)
    row[_IDLE] = _log(idle_days)
    row[_IDLE + 1] = _log((now_s - float(state.item_times_s[item, n - 3])) / DAY_S) if n >= 3 else LONG_AGO
    row[_IDLE + 2] = _log((now_s - float(state.item_times_s[item, n - 10])) / DAY_S) if n >= 10 else LONG_AGO
    row[17], row[18] = row[_HEAT] - row[_HEAT + 1], row[_HEAT + 1] - row[_HEAT + 2]
    row[19] = row[_FOLLOWED + 1] - row[_HEAT + 1]
    takers = max(min(n, LATEST_TAKERS), 1)
    row[_TAKERS_FOLLOW], row[_TAKERS_FOLLOW + 1] = follow / takers, active / takers


@compiled
def _write_person(state: BehaviourState, ask: Ask, row: Floats) -> None:
    """The person, the same for all candidates: a network decides by it which way the other features point."""
    user = ask.user
    total = state.user_totals[user].sum()
    here = state.user_totals[user, ask.platform]
    row[0], row[1], row[2] = _log(total), _log(here), here / max(total, 1)
    if state.user_mass[user] > 0.0:
        row[3] = _log((ask.now_s - state.user_last_s[user]) / DAY_S)
        row[4] = _log((ask.now_s - state.user_first_s[user]) / DAY_S)
    row[5] = state.user_gap[user]
    week = month = basket = 0
    for at in range(state.user_n[user]):
        at_s = float(state.user_times_s[user, at])
        week += ask.now_s - at_s <= 7.0 * DAY_S
        month += ask.now_s - at_s <= 30.0 * DAY_S
        basket += at_s == state.user_last_s[user]
    row[6], row[7], row[8] = _log(week), _log(month), _log(basket)
    for habit in range(N_HABITS):
        row[9 + habit] = habit_of(state, user, habit)


@compiled
def _write_fit(row: Floats) -> None:
    """How far the item is from what the person usually takes to: as hot, as early in its burst, as old."""
    habits = row[_PERSON_AT + 9 : _PERSON_AT + 9 + N_HABITS]
    for heat in range(N_HEATS):
        row[_FIT_AT + heat] = row[_HEAT + heat] - habits[heat]
    row[_FIT_AT + 3] = row[_BURST] - habits[3]
    row[_FIT_AT + 4] = row[_AGE] - habits[4]
    row[_FIT_AT + 5] = row[_TOUCHES] - habits[5]
    row[_FIT_AT + 6] = row[_TAKERS_FOLLOW] - habits[1]
    row[_FIT_AT + 7] = habits[1] * row[_FOLLOWED + 1]


@compiled
def _write_walk(scratch: Scratch, item: int, week: float, row: Floats) -> None:
    """What co-behaviour says. week: ln(1 + touches of the item in 7 days)."""
    met = scratch.item_mark[item] == scratch.clock[0]
    for signal in range(N_SIGNALS):
        value = scratch.signals[item, signal] if met else 0.0
        row[signal] = _log(value) if signal == NEAREST else math.log(value + 1e-3)
    if met:
        row[N_SIGNALS] = _log(scratch.n_sources[item])
        row[N_SIGNALS + 1] = _log(scratch.n_takers[item])
        row[N_SIGNALS + 2] = scratch.n_takers[item] / max(math.expm1(week), 1.0)


@compiled
def _write_ranks(table: Floats, columns: NDArray[np.intp], first: int) -> None:
    """ln(1 + place) of each candidate by each column; equal values share the best place."""
    for at in range(len(columns)):
        values = table[:, columns[at]]
        order = np.argsort(-values, kind="mergesort")
        place = 0
        for position in range(len(order)):
            if position and values[order[position]] < values[order[position - 1]]:
                place = position
            table[order[position], first + at] = math.log1p(place)


@compiled
def feature_table(state: BehaviourState, scratch: Scratch, ask: Ask, candidates: Candidates) -> Floats:
    """float32 (N, F) in the order of `FEATURES`; `scratch` as the request's walk left it."""
    n = len(candidates.rows)
    table = np.zeros((n, N_FEATURES), np.float32)
    person = np.zeros(_FIT_AT - _PERSON_AT, np.float32)
    _write_person(state, ask, person)
    for at in range(n):
        item, row = candidates.rows[at], table[at]
        _write_item(state, item, ask.now_s, row)
        row[22], row[23] = candidates.has_title[item], candidates.places[item]
        row[_PERSON_AT:_FIT_AT] = person
        _write_fit(row)
        _write_walk(scratch, item, row[8], row[_WALK_AT:_WORDS_AT])
        row[_WORDS_AT:_RANKS_AT] = candidates.words[at]
    _write_ranks(table, _RANKED_COLUMNS, _RANKS_AT)
    return table
