"""The fold under any history of deliveries: order, repeats, replays and restarts leave the fold of the distinct events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.states import UserState, pack_state, unpack_state

DIM = 4
WEIGHTS = {"shop.product.viewed": 1.0, "shop.order.completed": 8.0, "shop.order.refunded": -8.0}
RULES = FoldRules(DIM, WEIGHTS.__getitem__, recent_events=4)
VECTORS = np.random.default_rng(5).standard_normal((6, DIM)).astype(np.float32)
START_S = 1_750_000_000.0


class FoldMachine(RuleBasedStateMachine):
    """A log of one partition, read in batches by a reader that is sometimes sent back to an earlier offset."""

    @initialize()
    def begin(self) -> None:
        self.log: list[tuple[str, Event, int]] = []
        self.states: dict[str, UserState] = {}
        self.durable: dict[str, bytes] = {}
        self.position = 0
        self.revisions: dict[str, int] = {}

    @rule(
        user=st.sampled_from("uv"), account=st.sampled_from("ab"), kind=st.sampled_from(sorted(WEIGHTS)),
        age_s=st.integers(0, 40 * 86_400), row=st.integers(-1, 5),
    )  # fmt: skip
    def something_happens(self, user: str, account: str, kind: str, age_s: int, row: int) -> None:
        """Also days late: arrival goes by the log, time by the event."""
        identifier = event_id("source", str(len(self.log)))
        at_s = START_S - age_s
        event = Event(identifier, f"{user}{account}", "shop", kind, at_s, START_S, 1.0, Item(f"i{row}", category="c"))
        self.log.append((user, event, row))

    @precondition(lambda self: self.log)
    @rule(which=st.integers(0, 10_000))
    def the_same_is_sent_again(self, which: int) -> None:
        self.log.append(self.log[which % len(self.log)])

    @precondition(lambda self: self.position < len(self.log))
    @rule(n=st.integers(1, 6), becomes_durable=st.booleans())
    def a_batch_is_folded(self, n: int, becomes_durable: bool) -> None:
        """Durable, or lost with the process that folded it."""
        batch = self.log[self.position : self.position + n]
        states = {user: unpack_state(self.durable[user]) if user in self.durable else UserState() for user, _, _ in batch}
        observations = [Observation(self.position + i, *entry) for i, entry in enumerate(batch)]
        report = fold(RULES, states, observations, VECTORS)
        assert report.n_applied + report.n_repeats + report.n_replayed + report.n_behind_horizon == len(batch)
        if becomes_durable:
            self.durable.update({user: pack_state(states[user]) for user in report.touched})
            self.position += len(batch)

    @rule(back=st.integers(1, 8))
    def the_reader_is_sent_back(self, back: int) -> None:
        self.position = max(0, self.position - back)

    @invariant()
    def revisions_and_fences_only_grow(self) -> None:
        for user, raw in getattr(self, "durable", {}).items():
            state = unpack_state(raw)
            assert state.revision >= self.revisions.get(user, 0)
            assert state.fence < len(self.log)
            self.revisions[user] = state.revision

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        while self.position < len(self.log):
            self.a_batch_is_folded(5, becomes_durable=True)
        distinct = {event.event_id: (user, event, row) for user, event, row in self.log}
        twins = {user: UserState() for user, _, _ in distinct.values()}
        in_time = sorted(distinct.values(), key=lambda entry: entry[1].occurred_at_s)
        fold(RULES, twins, [Observation(n, *entry) for n, entry in enumerate(in_time)], VECTORS)
        assert self.durable.keys() == twins.keys()
        for user, twin in twins.items():
            self._same(unpack_state(self.durable[user]), twin)

    @staticmethod
    def _same(state: UserState, twin: UserState) -> None:
        assert state.accounts.keys() == twin.accounts.keys()
        for name, account in state.accounts.items():
            other = twin.accounts[name]
            assert (account.n_events, account.counts, account.recent) == (other.n_events, other.counts, other.recent)
            assert (account.reference_s, account.first_s, account.last_s) == (other.reference_s, other.first_s, other.last_s)
            assert account.long_mass == pytest.approx(other.long_mass, rel=1e-9, abs=1e-9)
            for one, two in ((account.short, other.short), (account.long, other.long)):
                np.testing.assert_allclose(_floats(one), _floats(two), atol=1e-4)


def _floats(raw: bytes) -> np.ndarray:
    return np.frombuffer(raw, np.float32) if raw else np.zeros(DIM, np.float32)


class TestAnyHistoryOfDeliveriesLeavesTheFoldOfTheDistinctEvents(FoldMachine.TestCase):
    pytestmark = pytest.mark.requirement("A8", "H5", "H12", "Q7")
    settings = settings(max_examples=150, stateful_step_count=40)


