"""Lanes: a partition in order, void batches passed over, partitions independent, nothing acked that was not applied."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from faust.types.tuples import TP

from streams.engine.effects import Effects, Outgoing
from streams.engine.faults import no_fault
from streams.engine.lanes import BatchLimits, LaneConfig, Lanes
from streams.engine.transport import Fetch
from tests.unit.test_engine_transport import BookOnly, records

TEN = BatchLimits(10, 10)
ZERO, ONE = TP("user-events", 0), TP("user-events", 1)


class Gate:
    """A stage whose `prepare` of one partition waits until it is let through; applies are noted."""

    name = "gate"

    def __init__(self, held: int = -1) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.applied: list[int] = []
        self.batches: list[int] = []
        self._held = held

    def prepare(self, batch):
        if batch[0].partition == self._held:
            self.entered.set()
            assert self.open.wait(10)
        return [record.offset for record in batch]

    def fold(self, prepared, state):
        return Effects([Outgoing("out", [(b"k", b"v")])])

    def committed(self, prepared):
        self.applied.extend(prepared)
        self.batches.append(len(prepared))


class Book(BookOnly):
    def __init__(self) -> None:
        super().__init__()
        self.acked: list[int] = []

    def hand_out(self, tp: TP, first: int, n_records: int, key: bytes = b""):
        made = records(first, n_records)
        for record in made:
            record.topic, record.partition, record.value, record.headers, record.key = *tp, b"", (), key
        return self._to_message(tp, Fetch(made))

    def ack(self, message):
        self.acked.append(message.offset)
        return super().ack(message)


def lanes_of(stage: Gate, book: Book, limits: BatchLimits = TEN) -> Lanes:
    checkpoint = SimpleNamespace(run=lambda owned, batch: None)
    config = LaneConfig(
        stage=stage, checkpoint=checkpoint, preparing=ThreadPoolExecutor(4), committing=ThreadPoolExecutor(4),
        limits=limits, fault=no_fault, owner=lambda tp: None, transactional=False,
    )  # fmt: skip
    return Lanes(config, lambda: book)


async def until(holds) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 5 s")


def test_a_void_batch_does_not_take_the_valid_one_behind_it_along():
    async def scenario() -> None:
        stage, book = Gate(held=0), Book()
        lanes = lanes_of(stage, book)
        lanes.put(book.hand_out(ZERO, 0, 10))
        await until(stage.entered.is_set)
        lanes.put(book.hand_out(ZERO, 10, 10))
        book._forget([ZERO])  # the partition goes, another worker applies up to 50, and it comes back
        lanes.put(book.hand_out(ZERO, 50, 10))
        stage.open.set()
        await until(lambda: book._new_offset(ZERO) == 60)
        assert stage.applied == list(range(50, 60))
        assert book.acked == [50]

    asyncio.run(scenario())


def test_a_partition_in_a_slow_encoder_does_not_hold_up_another():
    async def scenario() -> None:
        stage, book = Gate(held=0), Book()
        lanes = lanes_of(stage, book)
        for number in range(8):
            lanes.put(book.hand_out(ZERO, number * 10, 10))
        lanes.put(book.hand_out(ONE, 0, 5))
        await until(lambda: stage.applied == [0, 1, 2, 3, 4])
        assert lanes.is_full(ZERO)
        assert not lanes.is_full(ONE)
        stage.open.set()
        await until(lambda: book._new_offset(ZERO) == 80)

    asyncio.run(scenario())


def test_a_micro_batch_ends_at_its_records_or_at_its_different_keys():
    async def scenario() -> None:
        stage, book = Gate(held=0), Book()
        lanes = lanes_of(stage, book, BatchLimits(max_records=100, max_keys=3))
        lanes.put(book.hand_out(ZERO, 0, 10))  # held: all others wait behind it
        await until(stage.entered.is_set)
        for number in range(1, 16):
            lanes.put(book.hand_out(ZERO, number * 10, 10, b"of one user"))
        for number in range(16, 20):
            lanes.put(book.hand_out(ZERO, number * 10, 10, b"%d" % number))
        stage.open.set()
        await until(lambda: book._new_offset(ZERO) == 200)
        assert stage.batches == [10, 100, 70, 20]  # 70: five fetches of one user, then two users more

    asyncio.run(scenario())


def test_a_forgotten_lane_applies_nothing_that_it_was_preparing():
    async def scenario() -> None:
        stage, book = Gate(held=0), Book()
        lanes = lanes_of(stage, book)
        lanes.put(book.hand_out(ZERO, 0, 10))
        await until(stage.entered.is_set)
        lanes.forget([ZERO])
        stage.open.set()
        await asyncio.sleep(0.1)
        assert stage.applied == []
        assert book.acked == []
        assert lanes.partitions() == []

    asyncio.run(scenario())
