"""A person with an account on each platform counts like one who did it all with one account."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.decay import DAY_S
from streams.ranking.behaviour import BehaviourLog
from streams.ranking.neighbours import N_SIGNALS, SIGNALS, Ask, scratch_for, walk
from streams.ranking.persons import ASKING, assemble, link, ring_of, unlink

N_ACCOUNTS, N_PEOPLE, N_PLATFORMS, N_ITEMS = 6, 4, 2, 8
NOW_S = 200 * DAY_S
#: Steps between two touches are those of one account.
BY_ACCOUNT = SIGNALS.index("transition")

some_accounts = st.lists(st.integers(0, N_ACCOUNTS - 1), max_size=N_ACCOUNTS, unique=True)


@given(st.lists(st.tuples(st.booleans(), some_accounts), max_size=8))
def test_accounts_are_one_person_as_was_said_last(said: list[tuple[bool, list[int]]]) -> None:
    state = BehaviourLog(1).state
    people = [{account} for account in range(N_ACCOUNTS)]
    for is_link, accounts in said:
        if is_link:
            link(state, np.array(accounts, np.int32))
        else:
            unlink(state, accounts)
        apart = [set(accounts)] if is_link else [{account} for account in accounts]
        people = [person for person in [*(person - set(accounts) for person in people), *apart] if person]
    for person in people:
        for account in person:
            assert set(ring_of(state, account)) == person
            assert state.user_person[account] == min(person)


touches = st.lists(
    st.tuples(st.integers(0, N_PEOPLE - 1), st.integers(0, N_ITEMS - 1), st.integers(100, 199)), min_size=1, max_size=40
)


def walked(log: BehaviourLog, user: int, own: list[int]) -> dict[int, np.ndarray]:
    scratch = scratch_for(log.state)
    ask = Ask(user, 0, NOW_S, 30, 60.0, has_shared_clock=True)
    n_met = walk(log.state, scratch, ask, np.array(own, np.int32))
    columns = [at for at in range(N_SIGNALS) if at != BY_ACCOUNT]
    return {int(scratch.met[at]): scratch.signals[at, columns].copy() for at in range(n_met)}


@pytest.mark.requirement("K2", "K4")
@given(touches)
def test_linked_accounts_are_walked_like_one_account_that_did_it_all(touches: list[tuple[int, int, int]]) -> None:
    users, items, days = (np.array(column) for column in zip(*touches, strict=True))
    whole, split = BehaviourLog(N_PLATFORMS), BehaviourLog(N_PLATFORMS)
    for log in (whole, split):
        log.place_items(np.arange(N_ITEMS), np.arange(N_ITEMS) % N_PLATFORMS)
    whole.observe(users, items, days * DAY_S)
    # The first asks with an account of everything in both, since putting together who asks is not in question here.
    accounts = np.where(users == 0, 0, users * N_PLATFORMS + items % N_PLATFORMS)
    split.observe(accounts, items, days * DAY_S)
    for person in range(1, N_PEOPLE):
        link(split.state, person * N_PLATFORMS + np.arange(N_PLATFORMS))
    found, expected = walked(split, 0, [0]), walked(whole, 0, [0])
    assert found.keys() == expected.keys()
    for item, signals in expected.items():
        np.testing.assert_allclose(found[item], signals, rtol=1e-9, atol=1e-12)


def test_what_an_account_did_at_one_time_keeps_its_order_when_the_person_asks() -> None:
    log = BehaviourLog(1)
    log.place_items(np.arange(3), np.zeros(3, np.int32))
    log.observe(np.array([1, 1, 1]), np.array([2, 0, 1]), np.array([DAY_S, DAY_S, 2 * DAY_S]))
    assemble(log.state, ASKING, np.array([1], np.int32))
    assert log.state.user_items[ASKING, :3].tolist() == [2, 0, 1]
