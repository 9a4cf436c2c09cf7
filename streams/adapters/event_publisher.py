"""The log of events as ingest writes it: one idempotent producer for all requests, bounded, confirmed by all."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.domain.published import Outgoing, Placed
from streams.errors import Overloaded, Retryable

#: Requests that come within it share a batch on the wire.
LINGER_MS: Final = 5
#: The brokers are taken for away when records wait and none of them was confirmed for so long.
STALLED_S: Final = 2.0
LOOK_INTERVAL_S: Final = 2.0
LOOK_TIMEOUT_S: Final = 1.0
_POLL_S: Final = 0.1
_JOIN_S: Final = 5.0
#: Of what waits: few events are near their bound in size.
_QUEUE_KBYTES: Final = 128 * 1024

_ABSENT: Final = "is not there, or may not be written: `braid topics apply`"

_log = structlog.get_logger(__name__)


class KafkaPublisher:
    """Meets `ingest.publishing.Publisher`.

    config: a producer's (`brokers.connection.producer_config`). topics: all that may be written to. max_waiting: most
    records that are handed over and not confirmed. confirm_s: how long a record is tried for.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        topics: Sequence[str],
        max_waiting: int,
        confirm_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        bounds = {
            "linger.ms": LINGER_MS,
            "delivery.timeout.ms": round(confirm_s * 1000),
            # Our own bound comes first, and refuses a request as a whole.
            "queue.buffering.max.messages": 2 * max_waiting,
            "queue.buffering.max.kbytes": _QUEUE_KBYTES,
            "log_level": 0,
        }
        self._producer = Producer({**config, **bounds})
        self._topics = tuple(topics)
        self._max_waiting = max_waiting
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._n_waiting = 0
        self._progress_at_s = monotonic()
        self._confirmed_at_s = -math.inf
        self._fault = "the brokers were not asked yet"
        self._n_unanswered = 0
        self._absent: frozenset[str] = frozenset()
        self._has_died = False
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for name, target in (("confirmations", self._serve_confirmations), ("broker-looks", self._look_on))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def n_waiting(self) -> int:
        """Records that are handed over and not confirmed."""
        return self._n_waiting

    @property
    def has_died(self) -> bool:
        """Whether the producer will never write again; the process must be started anew."""
        return self._has_died

    def missing(self) -> list[str]:
        """See the port."""
        if self._is_stalled():
            return [f"no record was confirmed for {STALLED_S:g} s: the brokers are away or cannot keep up"]
        if self._fault:
            return [self._fault]
        # One topic that is not there must not take the others away: its own senders hear of it, and the log tells.
        is_whole = len(self._absent) == len(self._topics)
        return [f"topic {topic} {_ABSENT}" for topic in sorted(self._absent)] if is_whole else []

    async def publish(self, records: Sequence[Outgoing]) -> list[Placed | None]:
        """See the port."""
        confirmation = _Confirmation(len(records), asyncio.get_running_loop())
        self._admit(records)
        for at, record in enumerate(records):
            try:
                self._producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    headers=[*record.headers],
                    on_delivery=partial(self._delivered, confirmation, at),
                )
            except (BufferError, KafkaException) as error:
                # Those behind it stay out too, or they would overtake it when it is sent again.
                self._look_at(error.args[0])
                self._settle(confirmation, range(at, len(records)))
                break
        return await confirmation.places

    def give_up(self) -> None:
        """Stop trying: what waits comes out unconfirmed, at once."""
        with suppress(KafkaException):
            self._producer.purge()

    def close(self) -> None:
        """Leave the cluster; what still waits is given up."""
        self.give_up()
        self._stopping.set()
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _admit(self, records: Sequence[Outgoing]) -> None:
        """All of a request or nothing. Raises Overloaded and Retryable."""
        with self._lock:
            if self._has_died or self._stopping.is_set():
                raise Retryable("this process is ending")
            if self._is_stalled() or self._fault:
                raise Retryable("; ".join(self.missing()))
            if not self._absent.isdisjoint(record.topic for record in records):
                raise Retryable(f"a topic {_ABSENT}")
            if self._n_waiting + len(records) > self._max_waiting:
                raise Overloaded(f"{self._n_waiting} records wait, at most {self._max_waiting}")
            if not self._n_waiting:
                self._progress_at_s = self._monotonic()
            self._n_waiting += len(records)

    def _is_stalled(self) -> bool:
        return self._n_waiting > 0 and self._monotonic() - self._progress_at_s > STALLED_S

    def _delivered(self, confirmation: _Confirmation, at: int, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._look_at(error)
            self._settle(confirmation, (at,))
            return
        self._progress_at_s = self._confirmed_at_s = self._monotonic()
        self._settle(confirmation, (at,), Placed(message.partition() or 0, message.offset()))

    def _settle(self, confirmation: _Confirmation, places: Sequence[int], placed: Placed | None = None) -> None:
        with self._lock:
            self._n_waiting -= len(places)
            is_done = confirmation.settle(places, placed)
        if is_done:
            confirmation.tell()

    def _look_at(self, fault: object) -> None:
        """After a fatal fault a producer writes nothing more; of the others the next look at the brokers tells."""
        if isinstance(fault, KafkaError) and fault.fatal() and not self._has_died:
            self._has_died = True
            _log.error("producer_died", why=fault.str())

    def _serve_confirmations(self) -> None:
        while not self._stopping.is_set() or len(self._producer):
            self._producer.poll(_POLL_S)

    def _look_on(self) -> None:
        while not self._stopping.is_set():
            self._look()
            # One slow answer takes nobody out of service; whether it was one is asked at once.
            self._stopping.wait(0.0 if self._n_unanswered == 1 else LOOK_INTERVAL_S)

    def _look(self) -> None:
        """All topics are asked for: a producer that asks for one by name may make it."""
        try:
            known = self._producer.list_topics(timeout=LOOK_TIMEOUT_S).topics
        except KafkaException as error:
            self._n_unanswered += 1
            is_away = self._n_unanswered > 1 or bool(self._fault)
            if is_away and self._monotonic() - self._confirmed_at_s >= STALLED_S:  # else they confirm, yet tell slowly
                self._fault = f"no broker answers ({error.args[0].str()}): see BRAID_KAFKA__BOOTSTRAP_SERVERS"
            return
        self._n_unanswered = 0
        absent = frozenset(topic for topic in self._topics if topic not in known)
        for topic in sorted(absent - self._absent):
            _log.warning("topic_absent", topic=topic, remedy=_ABSENT)
        self._absent, self._fault = absent, ""


class _Confirmation:
    """What becomes of the records of one request."""

    def __init__(self, n_records: int, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._places: list[Placed | None] = [None] * n_records
        self._n_left = n_records
        self.places: asyncio.Future[list[Placed | None]] = loop.create_future()
        if not n_records:
            self.places.set_result([])

    def settle(self, places: Sequence[int], placed: Placed | None) -> bool:
        """Whether these were the last. One thread at a time."""
        for at in places:
            self._places[at] = placed
        self._n_left -= len(places)
        return not self._n_left

    def tell(self) -> None:
        """To whoever awaits it, from any thread."""
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self.places.done():  # a client that went away cancelled it
            self.places.set_result(self._places)
