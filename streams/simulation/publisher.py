"""Sends records to Kafka at a rate, without ever waiting for a single one, and counts what the broker confirmed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable
from streams.simulation.records import OutgoingRecord

_CONNECT_S: Final = 10.0
#: librdkafka gives a record up after this long; `flush` waits a little longer, so that every record is accounted for.
_GIVE_UP_MS: Final = 30_000
_FLUSH_S: Final = 35.0
#: Longest pause between two looks at the delivery reports while the rate holds back.
_POLL_S: Final = 0.05
_PROGRESS_S: Final = 0.1
#: A cluster that refused this many records will not take the rest.
MAX_FAILED: Final = 1_000


@dataclass(slots=True)
class Delivery:
    """published + failed = records sent, once `flush` has returned. first_error: librdkafka's words, or empty."""

    published: int = 0
    failed: int = 0
    n_bytes: int = 0
    first_error: str = ""


Progress = Callable[[Delivery], None]


class Publisher:
    """One producer. config: librdkafka's, as `brokers.connection.producer_config` makes it. monotonic: seconds."""

    def __init__(
        self, config: Mapping[str, Any], names: TopicNames, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._servers = str(config.get("bootstrap.servers", ""))
        self._producer = Producer({"delivery.timeout.ms": _GIVE_UP_MS, "linger.ms": 5, "log_level": 2} | dict(config))
        self._prefix = names.prefix
        self._monotonic = monotonic
        self.delivery = Delivery()

    def connect(self) -> None:
        """Ask the cluster for its metadata. Raises Unavailable when nobody answers."""
        try:
            self._producer.list_topics(timeout=_CONNECT_S)
        except KafkaException as error:
            raise Unavailable(
                f"BRAID_KAFKA__BOOTSTRAP_SERVERS={self._servers}: no broker answers "
                f"({error.args[0].str()}); start one with `braid broker embedded`"
            ) from error

    def publish(
        self, records: Iterable[OutgoingRecord], rate_per_s: float | None = None, on_progress: Progress | None = None
    ) -> Delivery:
        """Send all and wait for the last confirmation. rate_per_s: None = as fast as the broker takes them.

        on_progress is called about ten times a second, and once at the end. Raises ValueError for a rate of 0 or less,
        Unavailable when more than MAX_FAILED records were not taken.
        """
        if rate_per_s is not None and not rate_per_s > 0:
            raise ValueError(f"rate_per_s = {rate_per_s}: must be positive, or None for no limit")
        began_s = told_s = self._monotonic()
        for number, record in enumerate(records):
            self.send(record)
            if self.delivery.failed > MAX_FAILED:
                raise Unavailable(f"{self._servers}: {MAX_FAILED} records not taken: {self.delivery.first_error}")
            now_s = self._monotonic()
            if rate_per_s is not None:
                now_s = self._hold(began_s + (number + 1) / rate_per_s)
            if on_progress is not None and now_s - told_s >= _PROGRESS_S:
                told_s = now_s
                on_progress(self.delivery)
        self.flush()
        if on_progress is not None:
            on_progress(self.delivery)
        return self.delivery

    def send(self, record: OutgoingRecord) -> None:
        """Hand one record over; waits only while the producer's queue is full."""
        topic, partition = self._prefix + record.topic_suffix, -1 if record.partition is None else record.partition
        while True:
            try:
                self._producer.produce(
                    topic, record.value, record.key, partition, headers=list(record.headers), on_delivery=self._confirm
                )
            except BufferError:
                self._producer.poll(_POLL_S)
                continue
            except KafkaException as error:  # larger than the client may send, for one
                self._refused(error.args[0])
            self._producer.poll(0)
            return

    def flush(self) -> None:
        """Wait until every record is confirmed or given up."""
        self._producer.flush(_FLUSH_S)

    def _hold(self, until_s: float) -> float:
        """Serve delivery reports until the time has come; returns the time."""
        while (now_s := self._monotonic()) < until_s:
            self._producer.poll(min(_POLL_S, until_s - now_s))
        return now_s

    def _confirm(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.delivery.published += 1
            self.delivery.n_bytes += len(message)
        else:
            self._refused(error)

    def _refused(self, error: KafkaError) -> None:
        self.delivery.failed += 1
        self.delivery.first_error = self.delivery.first_error or error.str()
