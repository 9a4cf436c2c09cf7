"""The identity log under any sequence of links, unlinks and repeats, in any batching, against its slow twin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streams.domain.identity_guards import IdentityRules
from streams.domain.raw import RawRecord
from tests.support.identity_log import Action, Feed, Nodes, Twin, a_command, key_of, on_the_log

ACCOUNTS = tuple(f"{platform}/{i}" for platform in ("shop", "video", "news") for i in "1234")
IDENTIFIERS = ("userid:Ann", "userid:Bob", "email:ann@mail.example", "phone:+44 20 7946 0958", "device:7f-a1")
#: Tight, so that a dozen accounts meet every bound.
RULES = IdentityRules(max_accounts=6, max_joined={"userid": 4, "email": 3, "phone": 3, "device": 2})

some_accounts = st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=4, unique=True)
some_identifiers = st.lists(
    st.sampled_from(IDENTIFIERS), max_size=2, unique_by=lambda identifier: identifier.partition(":")[0]
)


class IdentityMachine(RuleBasedStateMachine):
    """A log that is read in batches, by a reader that is sometimes sent back."""

    @initialize()
    def begin(self) -> None:
        self.log: list[RawRecord] = []
        self.asked: list[tuple[Action, Nodes, str]] = []
        self.feed = Feed(RULES)
        self.twin = Twin()
        self.done: set[str] = set()
        self.position = 0

    def send(self, action: Action, accounts: list[str], identifiers: list[str], identifier: str) -> None:
        data: dict[str, Any] = dict(entry.split(":", 1) for entry in identifiers)
        command = a_command(action, *accounts, id=identifier, **data)
        self.asked.append((action, (*accounts, *identifiers), identifier))
        self.log.append(on_the_log(command, len(self.log)))

    @rule(accounts=some_accounts, identifiers=some_identifiers)
    def a_link(self, accounts: list[str], identifiers: list[str]) -> None:
        self.send("link", accounts, identifiers, f"c-{len(self.log)}")

    @rule(accounts=some_accounts, identifiers=some_identifiers)
    def an_unlink(self, accounts: list[str], identifiers: list[str]) -> None:
        self.send("unlink", accounts, identifiers, f"c-{len(self.log)}")

    @rule(node=st.sampled_from(ACCOUNTS + IDENTIFIERS))
    def one_is_taken_out(self, node: str) -> None:
        is_account = "/" in node
        self.send("unlink", [node] if is_account else [], [] if is_account else [node], f"c-{len(self.log)}")

    @precondition(lambda self: self.log)
    @rule(which=st.integers(0, 10_000), action=st.sampled_from(("link", "unlink")))
    def the_last_links_come_apart_or_together_again(self, which: int, action: Action) -> None:
        nodes = self.asked[which % len(self.asked)][1]
        accounts, identifiers = [n for n in nodes if "/" in n], [n for n in nodes if "/" not in n]
        self.send(action, accounts, identifiers, f"c-{len(self.log)}")

    @precondition(lambda self: self.log)
    @rule(which=st.integers(0, 10_000))
    def the_same_is_sent_again(self, which: int) -> None:
        again = which % len(self.log)
        self.asked.append(self.asked[again])
        self.log.append(on_the_log_again(self.log[again], len(self.log)))

    @precondition(lambda self: self.position < len(self.log))
    @rule(n=st.integers(1, 7))
    def a_batch_is_folded(self, n: int) -> None:
        batch = self.log[self.position : self.position + n]
        n_dead = len(self.feed.dead)
        self.feed.fold(batch)
        refused = {letter.offset: letter.reason for letter in self.feed.dead[n_dead:]}
        for record in batch:
            self.judge(*self.asked[record.offset], refused.get(record.offset))
        self.position += len(batch)

    def judge(self, action: Action, nodes: Nodes, identifier: str, reason: str | None) -> None:
        """What was refused had to be; what was taken is applied to the twin."""
        if identifier in self.done:
            assert reason is None
        elif action == "link" and len(nodes) < 2:
            assert reason == "too_few_nodes"
        elif action == "link":
            assert (reason is not None) == self.twin.breaks(RULES, nodes), reason
            if reason is None:
                self.twin.apply(action, nodes)
                self.done.add(identifier)
        else:
            before = set(self.twin.edges)
            self.twin.apply(action, nodes)
            if reason is None:
                self.done.add(identifier)
            else:
                assert reason == "still_linked"
                assert self.twin.edges == before
                people = [self.twin.person_of(node) for node in nodes]
                assert len(set(people)) < len(people)

    @precondition(lambda self: self.position > 0)
    @rule(back=st.integers(1, 8))
    def a_reader_that_is_sent_back_changes_nothing_of_what_counted(self, back: int) -> None:
        """Refused commands at the end of what was read may be refused once more: a letter may repeat."""
        states, moves = dict(self.feed.states), self.feed.moves
        letters = list(self.feed.outputs.get("dead-letters", []))
        self.feed.fold(self.log[max(0, self.position - back) : self.position])
        assert dict(self.feed.states) == states
        assert self.feed.moves == moves
        self.feed.outputs["dead-letters"] = letters

    @invariant()
    def accounts_share_a_user_exactly_where_the_twin_says_so(self) -> None:
        people: dict[str, set[str]] = {}
        for account in ACCOUNTS:
            people.setdefault(self.feed.user_of(account), set()).add(account)
        for user, accounts in people.items():
            assert user in {key_of(account) for account in accounts}
            whole = self.twin.person_of(next(iter(accounts)))
            assert {node for node in whole if "/" in node} == accounts

    @invariant()
    def the_state_has_one_member_list_for_each_person_of_several_and_no_other(self) -> None:
        people = {self.twin.person_of(node) for node in ACCOUNTS + IDENTIFIERS}
        lists = [key for key in self.feed.states if key[:1] == b"m"]
        assert len(lists) == sum(len(person) > 1 for person in people)

    @invariant()
    def every_move_is_addressed_to_the_home_before_and_counts_up(self) -> None:
        homes = {key_of(account): (key_of(account), 0) for account in ACCOUNTS}
        for user, move in self.feed.moves:
            assert (user, move.from_epoch) == homes[move.account]
            assert move.epoch > move.from_epoch
            assert move.to_user != user
            homes[move.account] = (move.to_user, move.epoch)
        told = {account: (record.user, record.epoch) for account, record in self.feed.identities.items()}
        assert told == {account: home for account, home in homes.items() if home[1]}

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        while self.position < len(self.log):
            self.a_batch_is_folded(4)
        one_by_one, at_once = Feed(RULES), Feed(RULES)
        for record in self.log:
            one_by_one.fold([record])
        at_once.fold(self.log)
        for other in (one_by_one, at_once):
            assert other.states == self.feed.states
            assert {t: r for t, r in other.outputs.items() if r} == {t: r for t, r in self.feed.outputs.items() if r}


def on_the_log_again(record: RawRecord, offset: int) -> RawRecord:
    return RawRecord(record.value, record.headers, record.timestamp_s + offset, record.topic, 0, offset, record.key)


IdentityMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestIdentityLog = pytest.mark.requirement("B1", "B4")(IdentityMachine.TestCase)
