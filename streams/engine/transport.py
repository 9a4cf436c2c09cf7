"""A Faust transport that hands out one message per (partition, fetch), with exact offset bookkeeping.

Selected by the URL scheme `braid://` through the entry point `faust.transports`. Faust's cost is per message (four
asyncio tasks each), not per record, so a message here is a whole fetch. The subclasses also mend Faust's offset logic:
nothing past an un-acked batch is ever committed, and a refused commit is not booked as done.

Nothing of Faust is patched; every override names the behaviour it replaces.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage
from mode import Service

from streams.engine.fatal import die
from streams.engine.fetching import ConsumerThread, limits_of

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord


_FULL_LANE_WAIT_S = 0.02
#: How often a stopped flow counts as a poll: far below every longest poll interval.
_STOPPED_POLL_S = 1.0
#: Below Faust's own 90 s (`broker_request_timeout`), see `Consumer.perform_seek`.
_SEEK_TIMEOUT_S = 45.0


class Fetch:
    """Consecutive records of one partition: what Faust's scheduler sees as one record."""

    __slots__ = ("first", "next", "records")

    def __init__(self, records: list[ConsumerRecord]) -> None:
        self.records = records
        self.first: int = records[0].offset
        self.next: int = records[-1].offset + 1


class BatchMessage(ConsumerMessage):
    """A Faust message whose value is a list of records; `next_offset` is the position after the last of them."""

    __slots__ = ("n_records", "next_offset")
    n_records: int
    next_offset: int


class BatchSchema(faust.Schema):
    """Leaves the value as aiokafka returned it: decoding belongs to the stage, which can dead-letter what fails."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        """Keys are read from the records."""

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:  # noqa: ARG002
        """The list of records."""
        return message.value


class Consumer(driver.Consumer):
    """Faust's consumer, a message per fetch, with a book of what was handed out and what was acked in order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._open: dict[TP, deque[BatchMessage]] = {}
        self._safe: dict[TP, int] = {}
        super().__init__(*args, **kwargs)
        self._max_records = limits_of(self.app).max_records

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Any]]:  # noqa: ASYNC109
        lanes = getattr(self.app, "lanes", None)
        if lanes is not None and active_partitions:
            open_partitions = {tp for tp in active_partitions if not lanes.is_full(tp)}
            if len(open_partitions) < len(active_partitions):  # look again soon: a lane may have room by then
                active_partitions, timeout = open_partitions, _FULL_LANE_WAIT_S
        if active_partitions is not None and not active_partitions:
            self._thread.note_poll()
            await asyncio.sleep(_FULL_LANE_WAIT_S)
            return {}
        got = await super()._getmany(active_partitions, timeout) or {}
        self._thread.note_fetch(bool(got))
        return {
            tp: records if self._is_changelog_tp(tp) else list(self._split(records))
            for tp, records in got.items()
            if records
        }

    @Service.task  # type: ignore[untyped-decorator] # of mode
    async def _stay_in_the_group(self) -> None:
        """Count a flow that is stopped as polls, as a full lane does: a take-over may restore for long.

        Else aiokafka leaves the group after `broker_max_poll_interval`, and joins it again with the next poll, which
        comes only when the flow goes on, which waits for the group.
        """
        while not self.should_stop:
            if not self.flow_active:
                self._thread.note_poll()
            await self.sleep(_STOPPED_POLL_S)

    def _split(self, records: list[ConsumerRecord]) -> Iterator[Fetch]:
        # Bytes per fetch are no upper bound: the broker sends whole record batches.
        for start in range(0, len(records), self._max_records):
            yield Fetch(records[start : start + self._max_records])

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        if not isinstance(record, Fetch):
            return super()._to_message(tp, record)
        head = record.records[0]
        message = BatchMessage(
            head.topic,
            head.partition,
            record.first,
            head.timestamp / 1000.0,
            head.timestamp_type,
            (),
            None,
            record.records,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )
        message.next_offset, message.n_records = record.next, len(record.records)
        handed_out = self._open.setdefault(tp, deque())
        if handed_out and handed_out[-1].next_offset > message.offset:
            handed_out.clear()  # the position went back: what was handed out before is void
            self._read_offset[tp] = None  # or Faust would drop the message that is being booked here
        handed_out.append(message)
        return message

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: the full queue blocks the drain loop by itself; Faust's way ends in sleeps of one second."""

    def ack(self, message: Any) -> bool:
        """Count a batch as done; the committable position moves only over batches done in order."""
        if not isinstance(message, BatchMessage):
            return bool(super().ack(message))
        message.acked = True
        self._unacked_messages.discard(message)
        handed_out = self._open.get(message.tp)
        while handed_out and handed_out[0].acked:
            done = handed_out.popleft()
            self._safe[done.tp] = done.next_offset
            self._n_acked += done.n_records
        if self._waiting_for_ack is not None and not self._waiting_for_ack.done():
            self._waiting_for_ack.set_result(None)
        return True

    def owns(self, message: BatchMessage) -> bool:
        """Whether this batch is still the one handed out; False once its partition was revoked or sought back."""
        return any(other is message for other in self._open.get(message.tp, ()))

    def oldest_open(self, tp: TP) -> BatchMessage | None:
        """The first batch handed out and not yet done."""
        handed_out = self._open.get(tp)
        return handed_out[0] if handed_out else None

    def open_batches(self, tp: TP) -> tuple[BatchMessage, ...]:
        """What was handed out and is not yet done, oldest first."""
        return tuple(self._open.get(tp, ()))

    async def wait_empty(self) -> None:
        """Wait for the checkpoints that have begun; let go of everything else, which comes again.

        A slow encoder must not hold up a rebalance or a shutdown: what only waits or prepares is void from here on
        (`owns` says so to its lane).
        """
        is_applying = applying_of(self.app)
        for handed_out in self._open.values():
            for message in [message for message in handed_out if not is_applying(message)]:
                handed_out.remove(message)
                self._unacked_messages.discard(message)
        for message in list(self._unacked_messages):
            if isinstance(message, BatchMessage) and not is_applying(message):
                self._unacked_messages.discard(message)
        await super().wait_empty()

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> list[TP]:
        return [tp for tp in self._safe if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        return self._safe.get(tp)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: the base books a gap, the new message included, as acked."""

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        before = {tp: self._committed_offset[tp] for tp in offsets}
        done = bool(await super()._commit_offsets(offsets, start_new_transaction=start_new_transaction))
        if not done:
            self._committed_offset.update(before)  # the base books a refused commit as done
        return done

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let the base wait for running batches and commit them, and only then forget the books."""
        await super().on_partitions_revoked(revoked)
        self._forget(revoked)

    async def perform_seek(self) -> None:
        """Go to the committed position, or where the app says; without either, to the start of the log.

        Everything handed out before is void and comes again. aiokafka alone would stand after records that Faust
        dropped while the flow was stopped, where nothing is committed yet: the first fetch would be lost.
        """
        try:
            await asyncio.wait_for(self._seek_to_where_work_goes_on(), _SEEK_TIMEOUT_S)
        except TimeoutError as error:
            # Faust would take its own time-out for a shutdown and never resume, with heartbeats going on.
            die(f"no position from the group coordinator within {_SEEK_TIMEOUT_S:.0f} s", error)

    async def _seek_to_where_work_goes_on(self) -> None:
        for handed_out in self._open.values():
            handed_out.clear()
        if not self.assignment():  # more workers than partitions: aiokafka would raise
            return
        await super().perform_seek()
        resume_at = positions_of(self.app)
        targets: dict[TP, int] = {}
        for tp in self.assignment():
            if tp in resume_at:
                targets[tp] = resume_at[tp]
            elif self._committed_offset[tp] is None and not self._is_changelog_tp(tp):
                targets[tp] = 0
        if targets:
            await self.seek_wait(targets)
            self._safe.update({tp: offset for tp, offset in targets.items() if offset})

    def resume_flow(self) -> None:
        """Resume, unless another rebalance began since the take-over: its own end resumes."""
        taken_over = getattr(self.app, "taken_over_rebalance", None)
        if taken_over is not None and taken_over != self.app.rebalancing_count:
            return
        super().resume_flow()
        resumed = getattr(self.app, "on_flow_resumed", None)
        if resumed is not None:
            resumed()

    async def _seek(self, partition: TP, offset: int) -> None:
        self._forget([partition])
        await super()._seek(partition, offset)

    def _forget(self, partitions: Iterable[TP]) -> None:
        for tp in partitions:
            self._open.pop(tp, None)
            self._safe.pop(tp, None)


class Transport(driver.Transport):
    """`braid://host:port`: the aiokafka driver with the consumer above."""

    Consumer = Consumer


def positions_of(app: Any) -> Mapping[TP, int]:
    """Where owned partitions resume by their own marker, which beats the group's committed offset."""
    resume = getattr(app, "resume_positions", None)
    return resume() if resume else {}


def applying_of(app: Any) -> Callable[[BatchMessage], bool]:
    """Tells which batches have begun to become durable."""
    lanes = getattr(app, "lanes", None)
    return lanes.is_applying if lanes else lambda _message: True
