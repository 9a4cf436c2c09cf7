"""The audit as a topic: written beside the answers, waited for only where nothing may happen unaudited."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.domain.audit_records import AuditRecord
from streams.errors import Retryable
from streams.telemetry.access_metrics import AUDIT_RECORDS

#: A record has some 200 bytes: this many wait while the broker is away, then more are lost and counted.
MAX_WAITING: Final = 10_000
GIVE_UP_S: Final = 60.0
REQUIRED_S: Final = 5.0
CLOSE_S: Final = 5.0
_LINGER_MS: Final = 20
_POLL_S: Final = 0.2

_log = structlog.get_logger(__name__)
OnDelivery = Callable[[KafkaError | None, Message], None]


class KafkaAudit:
    """Meets `serve.audit.Audit`, for several threads. config: a producer's (`brokers.connection.producer_config`)."""

    def __init__(
        self, config: Mapping[str, Any], topic: str, required_s: float = REQUIRED_S, max_waiting: int = MAX_WAITING
    ) -> None:
        bounds = {
            "queue.buffering.max.messages": max_waiting,
            "delivery.timeout.ms": round(GIVE_UP_S * 1000),
            "linger.ms": _LINGER_MS,
            "log_level": 0,
        }
        self._producer = Producer({**config, **bounds})
        self._topic = topic
        self._required_s = required_s
        self._is_losing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve_reports, name="audit", daemon=True)
        self._thread.start()

    def note(self, record: AuditRecord) -> None:
        """Hand over; never waits, never raises."""
        try:
            self._send(record, self._confirm)
        except (BufferError, KafkaException) as error:
            self._lost(type(error).__name__)

    def require(self, record: AuditRecord) -> None:
        """Return once the broker has it. Raises Retryable when it does not within `required_s`."""
        done = threading.Event()
        faults: list[str] = []

        def confirm(error: KafkaError | None, message: Message) -> None:
            self._confirm(error, message)
            if error is not None:
                faults.append(error.str())
            done.set()

        try:
            self._send(record, confirm)
        except (BufferError, KafkaException) as error:
            self._lost(type(error).__name__)
            raise Retryable(f"topic {self._topic}: no room for an audit record ({error})") from error
        if not done.wait(self._required_s):
            raise Retryable(f"topic {self._topic}: no audit record was confirmed within {self._required_s:g} s")
        if faults:
            raise Retryable(f"topic {self._topic}: the audit record was refused ({faults[0]})")

    def close(self) -> None:
        """Write what waits, for at most 5 s."""
        self._stopping.set()
        self._thread.join(CLOSE_S)
        left = self._producer.flush(CLOSE_S)
        if left:
            AUDIT_RECORDS.labels("lost").inc(left)
            _log.warning("audit_records_lost", n_records=left, why="closed while the broker was away")

    def _send(self, record: AuditRecord, on_delivery: OnDelivery) -> None:
        # By person: one partition tells the whole story of each.
        self._producer.produce(self._topic, record.encode(), record.whom or record.who, on_delivery=on_delivery)

    def _serve_reports(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(_POLL_S)

    def _confirm(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._lost(error.str())
            return
        self._is_losing = False
        AUDIT_RECORDS.labels("written").inc()

    def _lost(self, why: str) -> None:
        AUDIT_RECORDS.labels("lost").inc()
        if not self._is_losing:  # once, not per record
            self._is_losing = True
            _log.error("audit_records_lost", topic=self._topic, why=why)
