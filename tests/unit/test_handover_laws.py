"""The law of the hand-over: however moves, arrivals and events interleave, every event meets its account exactly once."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.handover import Passed, Place, arrive, is_all_here, move, park, place_of
from streams.domain.moves import Arrival, Move
from streams.domain.states import AccountState, UserState, pack_state, unpack_state

USERS = ("a", "b", "c", "d")  # each is also an account


@dataclass
class World:
    """A log per user, read in order by one process each; a crash between batches rereads nothing twice."""

    logs: dict[str, deque[object]] = field(default_factory=lambda: {user: deque() for user in USERS})
    states: dict[str, UserState] = field(default_factory=lambda: {user: UserState() for user in USERS})
    homes: dict[str, str] = field(default_factory=lambda: {user: user for user in USERS})
    epochs: Counter[str] = field(default_factory=Counter)
    n_hops: int = 0
    n_commands: int = 0

    def decide(self, account: str, to_user: str) -> None:
        """The identity log moves an account."""
        if self.homes[account] != to_user:
            self.n_commands += 1
            order = Move(account, self.epochs[account], self.n_commands, to_user, "merge", 0.0, b"trigger!")
            self.epochs[account] = self.n_commands
            self.logs[self.homes[account]].append(order)
            self.homes[account] = to_user

    def publish(self, account: str, number: int, at_user: str) -> None:
        """A gate whose view of the homes may be old writes an event; `at_user` was the home at some time."""
        self.logs[at_user].append((account, b"%d" % number))

    def step(self, user: str) -> None:
        if not self.logs[user]:
            return
        state, record, passed = unpack_state(pack_state(self.states[user])), self.logs[user].popleft(), Passed()
        self.states[user] = state
        if isinstance(record, Move):
            move(state, user, record, passed)
        elif isinstance(record, Arrival):
            arrive(state, user, record, passed)
        else:
            self._take(state, user, *record, passed)
        for to_user, arrival in passed.arrivals:
            self.logs[to_user].append(arrival)
        for to_user, event in passed.events:
            self.n_hops += 1
            self.logs[to_user].append((event.split(b":")[0].decode(), event.split(b":")[1]))

    def _take(self, state: UserState, user: str, account: str, event: bytes, passed: Passed) -> None:
        packed = account.encode() + b":" + event
        place = place_of(state, user, account)
        assert (place is Place.HERE) == is_all_here(state, user, {account})
        if place is Place.MOVED:
            passed.events.append((state.moved[account].to_user, packed))
        elif place is Place.AWAITED:
            park(state, account, packed, passed)
        else:
            held = state.accounts.setdefault(account, AccountState("shop", 0.0, 0.0, 0.0))
            assert event not in held.counts, f"{event!r} of {account} was folded twice"
            held.counts[event.decode()] = 1


@st.composite
def histories(draw):
    """Decisions, events published by gates with old views, and steps of the users, in any order."""
    return draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("decide"), st.sampled_from(USERS), st.sampled_from(USERS)),
                st.tuples(st.just("publish"), st.sampled_from(USERS), st.integers(0, 3)),
                st.tuples(st.just("step"), st.sampled_from(USERS), st.just(0)),
            ),
            max_size=60,
        )
    )


@pytest.mark.requirement("B3")
@pytest.mark.requirement("B4")
@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_every_event_meets_its_account_once_wherever_that_is_by_then(history, random):
    world, published, past_homes = World(), Counter(), {user: [user] for user in USERS}
    for number, (what, who, other) in enumerate(history):
        if what == "decide":
            world.decide(who, other)
            past_homes[who].append(other)
        elif what == "publish":
            seen = past_homes[who]
            world.publish(who, number, seen[max(0, len(seen) - 1 - other)])
            published[who] += 1
        else:
            world.step(who)
    n_steps = 0
    while any(world.logs.values()):
        world.step(random.choice([user for user in USERS if world.logs[user]]))
        n_steps += 1
        assert n_steps < 20_000, "records chase each other for ever"
    for account in USERS:
        holders = [user for user in USERS if account in world.states[user].accounts]
        n_folded = sum(len(world.states[user].accounts[account].counts) for user in holders)
        assert n_folded == published[account]
        assert holders == ([world.homes[account]] if published[account] else holders[:0])
        assert place_of(world.states[world.homes[account]], world.homes[account], account) is Place.HERE
    assert all(not state.waiting for state in world.states.values())


@settings(max_examples=100, deadline=None)
@given(histories())
def test_repeated_moves_and_arrivals_change_nothing(history):
    world = World()
    for what, who, other in history:
        if what == "decide":
            world.decide(who, other)
            continue
        if world.logs[who]:
            record, before = world.logs[who][0], unpack_state(pack_state(world.states[who]))
            world.step(who)
            state = world.states[who]
            once, passed = pack_state(state), Passed()
            if isinstance(record, Move):
                move(state, who, record, passed)
            elif isinstance(record, Arrival):
                arrive(state, who, record, passed)
            assert pack_state(state) == once, (before, record)
            assert not passed.arrivals
            assert not passed.events
