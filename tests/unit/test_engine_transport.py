"""The consumer's book: what may be committed is what was acked in order, whatever the order of the acks."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace

from faust.types.tuples import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.transport import BatchMessage, Consumer, Fetch

SOURCE = TP("user-events", 0)


class BookOnly(Consumer):
    """The consumer without Faust around it: only the book of what was handed out."""

    def __init__(self) -> None:
        self._open: dict[TP, deque[BatchMessage]] = {}
        self._safe: dict[TP, int] = {}
        self._unacked_messages: set[BatchMessage] = set()
        self._waiting_for_ack = None
        self._read_offset: dict[TP, int | None] = {}
        self._n_acked = 0
        self._max_records = 3
        self.app = SimpleNamespace(consumer_generation_id=1)


def records(first: int, n_records: int) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(offset=first + n, timestamp=0, timestamp_type=0, topic=SOURCE.topic, partition=SOURCE.partition)
        for n in range(n_records)
    ]


def hand_out(book: BookOnly, first: int, n_records: int) -> BatchMessage:
    return book._to_message(SOURCE, Fetch(records(first, n_records)))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_nothing_past_an_unacked_batch_is_ever_committable(sizes, random):
    book, at, messages = BookOnly(), 10, []
    for size in sizes:
        messages.append(hand_out(book, at, size))
        at += size
    order = list(messages)
    random.shuffle(order)
    acked = set()
    for message in order:
        book.ack(message)
        acked.add(message.offset)
        first_open = next((m.offset for m in messages if m.offset not in acked), at)
        expected = None if first_open == 10 else first_open
        assert book._new_offset(SOURCE) == expected
    assert book._new_offset(SOURCE) == at


def test_a_batch_is_not_owned_once_the_position_went_back():
    book = BookOnly()
    before = hand_out(book, 0, 4)
    again = hand_out(book, 2, 4)
    assert not book.owns(before)
    assert book.owns(again)


def test_a_batch_is_not_owned_once_its_partition_was_revoked():
    book = BookOnly()
    message = hand_out(book, 0, 4)
    book._forget([SOURCE])
    assert not book.owns(message)
    assert book.ack(message)
    assert book._new_offset(SOURCE) is None


@given(st.integers(1, 40))
def test_a_fetch_of_any_size_is_split_without_losing_or_reordering_records(n_records):
    book = BookOnly()
    fetches = list(book._split(records(5, n_records)))
    assert [record.offset for fetch in fetches for record in fetch.records] == list(range(5, 5 + n_records))
    assert all(len(fetch.records) <= 3 for fetch in fetches)
    assert [fetch.first for fetch in fetches[1:]] == [fetch.next for fetch in fetches[:-1]]
