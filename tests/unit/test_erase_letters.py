"""N8: the stage `letters` alone: whatever the order of letters, erasures and repeats, exactly the right letters go."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.agents.letters import LettersStage
from streams.domain.dead_letters import DeadLetter, is_letter
from streams.domain.decay import DAY_S
from streams.domain.letter_erasures import LetterErasure
from streams.domain.letter_owners import owner_of
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.errors import CorruptState
from streams.service.erase_letters import LetterEraser
from tests.support.whole import Table

pytestmark = pytest.mark.requirement("N8")
NAMES = TopicNames()
ANN, BOB = owner_of("a" * 32), owner_of("b" * 32)
KEPT_S = 9 * DAY_S


def a_letter(offset: int, *owners: bytes, at: float = 10.0, occurred_at: float | None = None) -> DeadLetter:
    return DeadLetter(
        b"bytes", b"key", (), "events.shop", 0, offset, "normalise", "bad_json", "", at, "plain", owners, occurred_at
    )


class Topic:
    """`dead-letters` with its stage, which is asked for a batch at a time; a durable batch is durable whole."""

    def __init__(self, max_erased: int = 2) -> None:
        self.stage = LettersStage(LetterEraser(KEPT_S, max_erased), NAMES)
        self.log: list[RawRecord] = []
        self.table, self.at, self.now_s = Table(), 0, 0.0

    def write(self, *said: DeadLetter | LetterErasure) -> None:
        for each in said:
            key = each.place if isinstance(each, DeadLetter) else each.key
            self._append(key, each.encode())

    def step(self, n_records: int = 1_000) -> None:
        batch = self.log[self.at : self.at + n_records]
        prepared = self.stage.prepare(batch)
        effects = self.stage.fold(prepared, self.table)
        assert len({key for key, _ in effects.states}) == len(effects.states)
        for outgoing in effects.outputs:
            assert (outgoing.topic, outgoing.partition) == (NAMES.dead_letters, 0)
            for key, value in outgoing.records:
                self._append(key, value)
        for key, value in effects.states:
            if value is None:
                self.table.pop(key, None)
            else:
                self.table[key] = value
        self.stage.committed(prepared)
        self.at += len(batch)

    def settle(self) -> None:
        for _ in range(1_000):
            if self.at == len(self.log):
                return
            self.step()
        raise AssertionError("the stage answers itself for ever")

    def left(self) -> set[int]:
        """Offsets of the refused records whose letters are there for a compacting eye."""
        last = {record.key: record.value for record in self.log}
        return {int(key.rpartition(b"/")[2]) for key, value in last.items() if key and is_letter(key, value)}

    def _append(self, key: bytes | None, value: bytes | None) -> None:
        self.log.append(RawRecord(value, (), self.now_s, NAMES.dead_letters, 0, len(self.log), key))


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_the_letters_of_an_erased_person_go_and_nobody_elses(is_one_batch: bool) -> None:
    topic = Topic(100)
    topic.write(a_letter(1, ANN), a_letter(2, BOB), a_letter(3, ANN, BOB), a_letter(4))
    if not is_one_batch:
        topic.settle()
    topic.write(LetterErasure(ANN, 50.0))
    topic.settle()
    assert topic.left() == {2, 4}


def test_a_letter_that_is_written_after_the_erasure_of_its_time_goes_at_once() -> None:
    topic = Topic()
    topic.write(LetterErasure(ANN, 50.0))
    topic.settle()
    topic.write(a_letter(1, ANN, at=49.0), a_letter(2, ANN, at=51.0))
    topic.settle()
    assert topic.left() == {2}


def test_a_letter_of_a_new_life_stays_unless_its_event_is_of_the_old_one() -> None:
    topic = Topic()
    topic.write(LetterErasure(ANN, 50.0), a_letter(1, ANN, at=60.0), a_letter(2, ANN, at=60.0, occurred_at=40.0))
    topic.settle()
    assert topic.left() == {1}


def test_an_erasure_of_an_older_time_does_not_undo_a_newer_one() -> None:
    topic = Topic()
    topic.write(LetterErasure(ANN, 50.0), LetterErasure(ANN, 20.0))
    topic.settle()
    topic.write(a_letter(1, ANN, at=30.0))
    topic.settle()
    assert topic.left() == set()


def test_more_letters_than_a_transaction_should_hold_go_in_several() -> None:
    topic = Topic(max_erased=7)
    topic.write(*(a_letter(n, ANN, at=10.0 if n % 3 else 90.0) for n in range(50)), LetterErasure(ANN, 50.0))
    topic.step(51)
    assert 0 < 50 - len(topic.left()) <= 7
    topic.settle()
    assert topic.left() == {n for n in range(50) if n % 3 == 0}


def test_what_the_stage_wrote_itself_makes_it_write_no_more() -> None:
    topic = Topic()
    topic.write(a_letter(1, ANN), LetterErasure(ANN, 50.0))
    topic.step()
    n_written, states = len(topic.log), dict(topic.table)
    topic.settle()
    assert len(topic.log) == n_written
    assert topic.table == states


def test_nothing_of_a_letter_is_kept_longer_than_the_topic_keeps_it() -> None:
    topic = Topic()
    topic.write(a_letter(1, ANN, BOB), a_letter(2, BOB))
    topic.settle()
    assert topic.table
    topic.now_s = KEPT_S + 1
    topic.write(a_letter(3))
    topic.settle()
    assert topic.table == {}


def test_what_is_kept_for_good_of_an_erased_account_is_a_hash_and_a_time() -> None:
    topic = Topic()
    topic.write(a_letter(1, ANN), LetterErasure(ANN, 50.0))
    topic.settle()
    ((key, value),) = topic.table.items()
    assert key.endswith(ANN)
    assert len(value) == 8


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"k", b"\xc1"),
        (b"erase/00", b"not a map"),
        (b"erase/00", msgspec.msgpack.encode({"owner": b"short", "at": 1.0})),
        (b"k", msgspec.msgpack.encode({"at": 1.0, "owners": [b"short"]})),
        (b"k", b"\x91" * 100_000),
        (None, a_letter(1, ANN).encode()),
        (b"gone", None),
    ],
)
def test_a_record_that_says_nothing_is_passed_over(key: bytes | None, value: bytes | None) -> None:
    topic = Topic()
    topic._append(key, value)
    topic.write(a_letter(1, ANN), LetterErasure(ANN, 50.0))
    topic.settle()
    assert (topic.log[-1].key, topic.log[-1].value) == (a_letter(1).place, None)


def test_a_state_that_cannot_be_read_is_named() -> None:
    topic = Topic()
    topic.write(a_letter(1, ANN))
    topic.settle()
    topic.table = Table(dict.fromkeys(topic.table, b"\xc1"))
    topic.write(LetterErasure(ANN, 50.0))
    with pytest.raises(CorruptState, match="delete"):
        topic.settle()


OWNERS = st.sets(st.sampled_from([ANN, BOB, owner_of("c" * 32)]), max_size=3).map(sorted)
TIMES = st.integers(-3, 3).map(float)  # before 1970, too: an event says when it happened
LETTERS = st.lists(st.tuples(OWNERS, TIMES), min_size=1, max_size=8)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("letter"), st.integers(0, 7)),
        st.tuples(st.just("erase"), st.sampled_from([ANN, BOB]), TIMES),
        st.tuples(st.just("step"), st.integers(1, 4)),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(LETTERS, STEPS, st.integers(1, 3))
def test_exactly_the_letters_stay_that_nobody_erased_or_that_came_after(
    refused: Sequence[tuple[list[bytes], float]], steps: Sequence[tuple], max_erased: int
) -> None:
    """Letters are written in any order and again and again, as crashes and replays write them."""
    topic = Topic(max_erased)
    letters = [a_letter(number, *owners, at=at) for number, (owners, at) in enumerate(refused)]
    written: set[int] = set()
    erased: dict[bytes, float] = {}
    for step in steps:
        if step[0] == "letter" and step[1] < len(letters):
            topic.write(letters[step[1]])
            written.add(step[1])
        elif step[0] == "erase":
            topic.write(LetterErasure(step[1], step[2]))
            erased[step[1]] = max(step[2], erased.get(step[1], -inf))
        elif step[0] == "step":
            topic.step(step[1])
    topic.settle()
    expected = {
        n for n in written if not any(letters[n].at <= erased.get(owner, -inf) for owner in letters[n].owners)
    }
    assert topic.left() == expected
