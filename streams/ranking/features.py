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
from streams.ranking.compiled import compiled, inlined
from streams.ranking.neighbours import N_SIGNALS, N_SOURCES, N_TAKERS, NEAREST, SIGNALS, Ask, Scratch, place_of
from streams.ranking.observing import drawn_to, habit_of, heat_kept, usual
from streams.ranking.prefetching import AHEAD, fetch
from streams.ranking.state import (
    BURST_GAP_DAYS,
    HABITS,
    MASS,
    N_HABITS,
    N_HEATS,
    TOTAL,
    BehaviourState,
    Ints,
)
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
(_HEAT, _FOLLOWED, _WINDOWS, _TOUCHES, _BURST, _AGE, _IDLE) = (0, 3, 6, 11, 12, 13, 14)
_WINDOWS_DAYS = (1.0, 3.0, 7.0, 14.0, 90.0)
_TAKERS_FOLLOW = 20

#: ln(1 + days) of what never happened: about three years.
LONG_AGO = 7.0
_UNMET = math.log(1e-3)
#: ln(1 + count) of small counts: most of them are.
_LOGS = np.log1p(np.arange(256.0))
#: Latest takers of an item whose habits speak for it.
LATEST_TAKERS = 10


class Candidates(NamedTuple):
    """rows: items (N,). words: float32 (N, W), see `streams.ranking.words`.

    places: ln(1 + place among what is hot now) (I,). title_lengths (I,): words of titles.
    """

    rows: Ints
    words: Floats
    places: Floats
    title_lengths: Ints


@inlined
def _log(value: float) -> float:
    return math.log1p(max(value, 0.0))


@inlined
def _log_count(count: int) -> float:
    return float(_LOGS[count]) if count < len(_LOGS) else math.log1p(count)


@inlined
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
    since = n
    for width in range(len(_WINDOWS_DAYS)):
        while since > 0 and state.item_times_s[item, since - 1] >= now_s - _WINDOWS_DAYS[width] * DAY_S:
            since -= 1
        row[_WINDOWS + width] = _log_count(n - since)
    row[_BURST] = _log((now_s - state.item_burst_s[item]) / DAY_S) if idle_days <= BURST_GAP_DAYS else 0.0
    row[_AGE] = _log((now_s - state.item_first_s[item]) / DAY_S)
    row[_IDLE] = _log(idle_days)
    row[_IDLE + 1] = _log((now_s - float(state.item_times_s[item, n - 3])) / DAY_S) if n >= 3 else LONG_AGO
    row[_IDLE + 2] = _log((now_s - float(state.item_times_s[item, n - 10])) / DAY_S) if n >= 10 else LONG_AGO
    row[17], row[18] = row[_HEAT] - row[_HEAT + 1], row[_HEAT + 1] - row[_HEAT + 2]
    row[19] = row[_FOLLOWED + 1] - row[_HEAT + 1]
    row[_TAKERS_FOLLOW], row[_TAKERS_FOLLOW + 1] = _takers(state, item, min(n, LATEST_TAKERS))


@inlined
def _takers(state: BehaviourState, item: int, latest: int) -> tuple[float, float]:
    """Of the latest to take to the item, means of: how much they follow what is new, ln(1 + touches)."""
    n = state.item_n[item]
    follow = active = 0.0
    usually = usual(state, 1)
    for at in range(n - 1, n - 1 - latest, -1):
        taker = state.item_users[item, at]
        follow += drawn_to(usually, state, taker, 1)
        active += _log_count(int(state.user_habits[taker, TOTAL]))
    return follow / max(latest, 1), active / max(latest, 1)


@inlined
def _fetch_item(state: BehaviourState, candidates: Candidates, item: int) -> None:
    """Ask for what is in one place an item."""
    fetch(state.item_n, item, 0)
    fetch(state.item_total, item, 0)
    fetch(state.item_first_s, item, 0)
    fetch(state.item_last_s, item, 0)
    fetch(state.item_burst_s, item, 0)
    fetch(state.item_sums, item, 0)
    fetch(candidates.places, item, 0)
    fetch(candidates.title_lengths, item, 0)


@inlined
def _fetch_touches(state: BehaviourState, item: int) -> None:
    """Ask for the latest touches; `item_n` is there by now."""
    latest = max(state.item_n[item] - 1, 0)
    for column in (0, max(latest - 16, 0), latest):
        fetch(state.item_times_s, item, column)
    for column in (max(latest - LATEST_TAKERS, 0), latest):
        fetch(state.item_users, item, column)


@inlined
def _fetch_takers(state: BehaviourState, item: int) -> None:
    """Ask for the latest takers, who are known by now."""
    n = state.item_n[item]
    for at in range(max(n - LATEST_TAKERS, 0), n):
        taker = state.item_users[item, at]
        fetch(state.user_habits, taker, 0)


@compiled
def _write_person(state: BehaviourState, ask: Ask, row: Floats) -> None:
    """The person, the same for all candidates: a network decides by it which way the other features point."""
    user = ask.user
    total = state.user_habits[user, TOTAL]
    here = state.user_totals[user, ask.platform]
    row[0], row[1], row[2] = _log(total), _log(here), here / max(total, 1)
    if state.user_habits[user, MASS] > 0.0:
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


@inlined
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


@inlined
def _write_walk(scratch: Scratch, item: int, week: float, row: Floats) -> None:
    """What co-behaviour says. week: ln(1 + touches of the item in 7 days)."""
    place = place_of(scratch, item)
    if place < 0:
        row[:N_SIGNALS] = _UNMET
        row[NEAREST] = 0.0
        return
    signals = scratch.signals[place]
    for signal in range(N_SIGNALS):
        row[signal] = _log(signals[signal]) if signal == NEAREST else math.log(signals[signal] + 1e-3)
    row[N_SIGNALS] = _log_count(int(signals[N_SOURCES]))
    row[N_SIGNALS + 1] = _log_count(int(signals[N_TAKERS]))
    row[N_SIGNALS + 2] = signals[N_TAKERS] / max(math.expm1(week), 1.0)


@compiled
def _write_ranks(table: Floats, columns: NDArray[np.intp], first: int) -> None:
    """ln(1 + place) of each candidate by each column; equal values share the best place."""
    for at in range(len(columns)):
        values = table[:, columns[at]]
        order = np.argsort(-values)
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
        if at + 3 * AHEAD < n:
            _fetch_item(state, candidates, candidates.rows[at + 3 * AHEAD])
        if at + 2 * AHEAD < n:
            _fetch_touches(state, candidates.rows[at + 2 * AHEAD])
        if at + AHEAD < n:
            _fetch_takers(state, candidates.rows[at + AHEAD])
        item, row = candidates.rows[at], table[at]
        _write_item(state, item, ask.now_s, row)
        row[22], row[23] = candidates.title_lengths[item] > 0, candidates.places[item]
        row[_PERSON_AT:_FIT_AT] = person
        _write_fit(row)
        _write_walk(scratch, item, row[8], row[_WALK_AT:_WORDS_AT])
        row[_WORDS_AT:_RANKS_AT] = candidates.words[at]
    _write_ranks(table, _RANKED_COLUMNS, _RANKS_AT)
    return table
