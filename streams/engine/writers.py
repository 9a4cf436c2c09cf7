"""Producers: one transactional per owned source partition, one idempotent for a stage that keeps no state.

An unknown outcome raises; the caller ends the process, because only a new producer's `init_transactions` can tell
what became of a commit that timed out (librdkafka lacks KIP-890).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from streams.engine.effects import Outgoing
from streams.engine.faults import Fault
from streams.errors import Retryable

_QUEUE = {"queue.buffering.max.messages": 1_000_000, "queue.buffering.max.kbytes": 1 << 20, "batch.size": 1_000_000}


class TransactionalWriter:
    """Writes of one assignment of one source partition. Never reused: two assignments would share an epoch."""

    def __init__(self, client: dict[str, object], transactional_id: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._producer = Producer(
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
        """Publish all or nothing; returns the offset of the very last record when its topic is a fixed partition.

        Returns after the broker took the commit. Raises KafkaException, BufferError or Retryable: outcome unknown.
        """
        last = _LastOffset()
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
        _flush(self._producer, self._timeout_s)
        last.raise_on_error()
        fault("flushed")
        self._producer.commit_transaction(self._timeout_s)
        return last.offset

    def close(self) -> None:
        """Let go of the connection; an open transaction is left for the next owner to settle."""
        del self._producer


class IdempotentWriter:
    """At-least-once writes of a stage without state: what a crash sends twice, dedup ids drop later."""

    def __init__(self, client: dict[str, object], timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._producer = Producer(
            {
                **client,
                **_QUEUE,
                "enable.idempotence": True,
                "linger.ms": 2,
                "delivery.report.only.error": True,
                "message.timeout.ms": round(timeout_s * 1000),
            }
        )

    def write(self, outputs: list[Outgoing], fault: Fault) -> None:
        """Publish; returns once every record is confirmed. Raises Retryable when one is not."""
        failures = _LastOffset()
        for number, outgoing in enumerate(outputs):
            _produce(self._producer, outgoing, failures)
            if number == 0:
                fault("produced-some")
        fault("produced-all")
        _flush(self._producer, self._timeout_s)
        failures.raise_on_error()
        fault("flushed")


class _LastOffset:
    """Delivery report of the records it is attached to: the highest offset, or the first error."""

    def __init__(self) -> None:
        self.offset: int | None = None
        self._error: KafkaError | None = None

    def __call__(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._error = self._error or error
        else:
            self.offset = message.offset()

    def raise_on_error(self) -> None:
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


def _flush(producer: Producer, timeout_s: float) -> None:
    left = producer.flush(timeout_s)
    if left:
        raise Retryable(f"{left} records unconfirmed after {timeout_s} s")
