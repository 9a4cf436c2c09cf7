"""Producers: one transactional per owned source partition, one idempotent for a stage that keeps no state.

An unknown outcome raises; the caller ends the process, because only a new producer's `init_transactions` can tell
what became of a commit that timed out (librdkafka lacks KIP-890).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from streams.engine.effects import Outgoing
from streams.engine.faults import Fault
from streams.errors import Retryable

_QUEUE = {"queue.buffering.max.messages": 1_000_000, "queue.buffering.max.kbytes": 1 << 20, "batch.size": 1_000_000}


class TransactionalWriter:
    """Writes of one assignment of one source partition. Never reused: two assignments would share an epoch."""

    def __init__(
        self,
        client: dict[str, object],
        transactional_id: str,
        timeout_s: float,
        new_producer: Callable[..., Producer] = Producer,
    ) -> None:
        self._timeout_s = timeout_s
        self._producer = new_producer(
            {
                **client,
                **_QUEUE,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": round(timeout_s * 1000),
                "linger.ms": 1,
            }
        )

    def initialise(self) -> None:
        """Fence every earlier owner and settle its open transaction. Blocks 0.06 to 1 s; raises KafkaException."""
        self._producer.init_transactions(self._timeout_s)

    def transact(self, outputs: list[Outgoing], fault: Fault) -> int | None:
        """Publish all or nothing; returns the offset of the very last record.

        Returns after the broker took the commit. Raises KafkaException, BufferError or Retryable: outcome unknown.
        """
        last = _Deliveries(len(outputs[-1].records))
        self._producer.begin_transaction()
        fault("begun")
        for number, outgoing in enumerate(outputs):
            is_last = number == len(outputs) - 1
            if is_last:
                fault("produced-all")
            _produce(self._producer, outgoing, last if is_last else None)
            if number == 0:
                fault("produced-some")
        fault("marker-sent")
        last.wait(self._producer, self._timeout_s)
        fault("flushed")
        # Waits for every other record as well, and fails when one of them did.
        self._producer.commit_transaction(self._timeout_s)
        return last.offset

    @property
    def n_unconfirmed(self) -> int:
        """Records that the broker has not confirmed."""
        return len(self._producer)

    def close(self) -> None:
        """Let go of the connection; an open transaction is left for the next owner to settle."""
        del self._producer


@dataclass
class _Request:
    outputs: list[Outgoing]
    done: Future[None]


class IdempotentWriter:
    """At-least-once writes of a stage without state: what a crash sends twice, dedup ids drop later.

    One thread writes for all lanes: what they ask while it waits for the broker goes out together (group commit), so a
    lane never waits for another lane's later records.
    """

    def __init__(
        self, client: dict[str, object], timeout_s: float, new_producer: Callable[..., Producer] = Producer
    ) -> None:
        self._timeout_s = timeout_s
        self._producer = new_producer(
            {
                **client,
                **_QUEUE,
                "enable.idempotence": True,
                "linger.ms": 1,
                "message.timeout.ms": round(timeout_s * 1000),
            }
        )
        self._requests: SimpleQueue[_Request] = SimpleQueue()
        Thread(target=self._serve, daemon=True, name="idempotent-writer").start()

    def write(self, outputs: list[Outgoing], fault: Fault) -> None:
        """Publish; returns once every record is confirmed. Raises Retryable or KafkaException when one is not."""
        request = _Request(outputs, Future())
        fault("produced-some")
        self._requests.put(request)
        fault("produced-all")
        request.done.result()
        fault("flushed")

    @property
    def n_unconfirmed(self) -> int:
        """Records that the broker has not confirmed."""
        return len(self._producer)

    def _serve(self) -> None:
        while True:
            group = [self._requests.get()]
            while not self._requests.empty():
                group.append(self._requests.get())
            try:
                self._publish([outgoing for request in group for outgoing in request.outputs])
            except BaseException as error:  # noqa: BLE001 - each lane must learn that its outcome is unknown
                for request in group:
                    request.done.set_exception(error)
            else:
                for request in group:
                    request.done.set_result(None)

    def _publish(self, outputs: list[Outgoing]) -> None:
        deliveries = _Deliveries(sum(len(outgoing.records) for outgoing in outputs))
        for outgoing in outputs:
            _produce(self._producer, outgoing, deliveries)
        deliveries.wait(self._producer, self._timeout_s)


class _Deliveries:
    """Delivery reports of `n_expected` records: their highest offset, or the first error.

    `poll` returns with the first report; `flush` would look only every 10 ms.
    """

    def __init__(self, n_expected: int) -> None:
        self.offset: int | None = None
        self._n_left = n_expected
        self._error: KafkaError | None = None

    def __call__(self, error: KafkaError | None, message: Message) -> None:
        self._n_left -= 1
        if error is not None:
            self._error = self._error or error
        else:
            self.offset = message.offset()

    def wait(self, producer: Producer, timeout_s: float) -> None:
        """Serve reports until all are in. Raises Retryable."""
        give_up_at_s = monotonic() + timeout_s
        while self._n_left > 0 and self._error is None:
            producer.poll(0.1)
            if monotonic() > give_up_at_s:
                raise Retryable(f"{self._n_left} records unconfirmed after {timeout_s} s")
        if self._error is not None:
            raise Retryable(f"a record was not taken by the broker: {self._error}")


def _produce(producer: Producer, outgoing: Outgoing, on_delivery: Callable[..., None] | None) -> None:
    partition = -1 if outgoing.partition is None else outgoing.partition
    if outgoing.headers is not None:  # librdkafka's batch call drops headers
        for key, value in outgoing.records:
            producer.produce(
                outgoing.topic, value, key, partition, on_delivery=on_delivery, headers=outgoing.headers
            )
        return
    records: list[dict[str, Any]] = [{"key": key, "value": value} for key, value in outgoing.records]
    if records and producer.produce_batch(outgoing.topic, records, partition, on_delivery) != len(records):
        reasons = [record["_error"] for record in records if "_error" in record]
        raise Retryable(f"{outgoing.topic}: the local queue refused {len(reasons)} records: {reasons[0]}")
