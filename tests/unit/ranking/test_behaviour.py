from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.decay import DAY_S, decayed_sum
from streams.ranking.behaviour import BehaviourLog
from streams.ranking.state import Bounds

#: Small enough that drawn logs pass the bounds.
BOUNDS = Bounds(item_touches=4, user_touches=3)
N_ITEMS, N_USERS = 5, 4
NOW_S = 40 * DAY_S

TOUCHES = st.lists(
    st.tuples(st.integers(0, N_USERS - 1), st.integers(0, N_ITEMS - 1), st.integers(0, 39), st.floats(0.1, 4.0)),
    min_size=1,
    max_size=40,
)


def empty(bounds: Bounds = BOUNDS) -> BehaviourLog:
    log = BehaviourLog(2, bounds)
    log.place_items(np.arange(N_ITEMS), np.arange(N_ITEMS) % 2)
    return log


def observe(log: BehaviourLog, touches) -> BehaviourLog:
    if touches:
        users, items, days, weights = (np.array(column) for column in zip(*touches, strict=True))
        log.observe(users, items, days * DAY_S, weights)
    return log


def assert_equal(one: BehaviourLog, other: BehaviourLog) -> None:
    for name, array in one.to_arrays().items():
        np.testing.assert_allclose(array, other.to_arrays()[name], rtol=1e-9, atol=1e-12, err_msg=name)


@given(TOUCHES)
@settings(deadline=None)
def test_touches_observed_at_once_are_touches_observed_time_by_time(touches) -> None:
    step_by_step = empty()
    for day in sorted({day for _, _, day, _ in touches}):
        observe(step_by_step, [touch for touch in touches if touch[2] == day])
    assert_equal(observe(empty(), touches), step_by_step)


@given(TOUCHES, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_within_a_time_says_nothing(touches, random) -> None:
    # Within the bounds: which of a full row's equally old touches stays depends on the order.
    roomy = Bounds(item_touches=64, user_touches=64)
    mixed = list(touches)
    random.shuffle(mixed)
    there, here = observe(empty(roomy), touches), observe(empty(roomy), mixed)
    for name in ("item_sums", "item_total", "user_habits", "user_gap", "everybody", "user_totals"):
        np.testing.assert_allclose(there.to_arrays()[name], here.to_arrays()[name], rtol=1e-9, atol=1e-12, err_msg=name)


@given(TOUCHES, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_late_touches_count_what_time_has_left_of_them(touches, random) -> None:
    log = empty()
    mixed = list(touches)
    random.shuffle(mixed)
    for touch in mixed:
        observe(log, [touch])
    for item in {item for _, item, _, _ in touches}:
        of_item = [(day * DAY_S, weight) for _, each, day, weight in touches if each == item]
        last_s = max(at_s for at_s, _ in of_item)
        assert log.state.item_last_s[item] == last_s
        for column, half_life_days in enumerate((2, 7, 30)):
            expected = decayed_sum(of_item, half_life_days * DAY_S).at(last_s)
            assert log.state.item_sums[item, column] == pytest.approx(expected, rel=1e-6)


@given(TOUCHES)
@settings(deadline=None)
def test_rows_keep_the_latest_in_order_of_time(touches) -> None:
    state = observe(empty(), touches).state
    for user in range(N_USERS):
        kept = state.user_times_s[user, : state.user_n[user]].tolist()
        did = sorted(int(day * DAY_S) for each, _, day, _ in touches if each == user)
        assert kept == did[-BOUNDS.user_touches :]


@given(TOUCHES)
@settings(deadline=None)
def test_a_snapshot_comes_back_as_it_was(touches) -> None:
    log = observe(empty(), touches)
    again = BehaviourLog.from_arrays(log.to_arrays(), BOUNDS)
    more = [(0, 1, 39, 1.0), (1, 2, 39, 2.0)]
    assert_equal(observe(again, more), observe(log, more))


@pytest.mark.requirement("N8")
@given(TOUCHES, st.integers(0, N_USERS - 1))
@settings(deadline=None)
def test_forgetting_a_person_leaves_no_reference(touches, user) -> None:
    log = observe(empty(), touches)
    log.forget_users([user])
    state = log.state
    for item in range(N_ITEMS):
        assert user not in state.item_users[item, : state.item_n[item]].tolist()
        # What is beyond the kept touches is zero, not a trace.
        assert not state.item_times_s[item, state.item_n[item] :].any()
    rings = {"user_next", "user_person"}
    of_people = {name: array for name, array in log.to_arrays().items() if name.startswith("user_")}
    assert {int(of_people[name][user]) for name in rings} == {user}
    assert not any(array[user].any() for name, array in of_people.items() if name not in rings)


@given(TOUCHES, st.integers(0, N_ITEMS - 1))
@settings(deadline=None)
def test_removing_an_item_leaves_no_reference(touches, item) -> None:
    log = observe(empty(), touches)
    log.remove_items([item])
    for user in range(N_USERS):
        assert item not in log.state.user_items[user, : log.state.user_n[user]].tolist()
    assert log.state.item_platform[item] == -1
    assert log.state.item_total[item] == 0


def test_growing_keeps_every_row() -> None:
    log = observe(empty(), [(0, 1, 1, 1.0), (3, 4, 2, 1.0)])
    before = log.to_arrays()
    log.make_room(5_000, 3_000, 7)
    for name, array in log.to_arrays().items():
        corner = array[tuple(slice(0, size) for size in before[name].shape)]
        np.testing.assert_array_equal(corner, before[name])
    assert log.state.user_totals.shape == (3_000, 7)


def test_who_did_nothing_for_longest_goes_first() -> None:
    log = observe(empty(), [(0, 0, 3, 1.0), (1, 1, 1, 1.0), (2, 2, 2, 1.0)])
    assert log.idle_users(2).tolist() == [1, 2]
    # Items 3 and 4 were placed and never touched.
    assert log.idle_items(3).tolist() == [3, 4, 1]


def test_a_person_who_follows_bursts_makes_what_they_take_to_hotter() -> None:
    log = empty(Bounds())
    # Person 0 takes to items when they run hot, person 1 to what nobody takes to.
    observe(log, [(2, 0, 1, 9.0), (3, 0, 1, 9.0)])
    observe(log, [(0, 0, 2, 1.0), (1, 1, 2, 1.0)])
    observe(log, [(0, 2, 3, 1.0), (1, 3, 3, 1.0)])
    plain, followed = log.state.item_sums[:, 1], log.state.item_sums[:, 4]
    assert plain[2] == plain[3]
    assert followed[2] > followed[3]
