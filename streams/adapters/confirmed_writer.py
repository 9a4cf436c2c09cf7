"""A few records that somebody waits for: written, and counted as written only when the broker has confirmed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.domain.raw import Headers
from streams.errors import Unavailable

CONFIRM_S: Final = 10.0
#: What librdkafka calls a partition that the key decides.
BY_KEY: Final = -1


class Written(NamedTuple):
    """A record to write."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int = BY_KEY


class ConfirmedWriter:
    """config: a producer's. The producer is made at the first record: most processes never write one."""

    def __init__(self, config: Mapping[str, Any], confirm_s: float = CONFIRM_S) -> None:
        self._config = {**config, "log_level": 0, "delivery.timeout.ms": round(confirm_s * 1000)}
        self._confirm_s = confirm_s
        self._producer: Producer | None = None
        self._lock = Lock()

    def write(self, records: Sequence[Written]) -> list[bool]:
        """Whether each is confirmed; blocks up to `confirm_s`. What is not confirmed may be there all the same."""
        confirmed = [False] * len(records)
        with self._lock:
            producer = self._producer = self._producer or Producer(self._config)
            for at, record in enumerate(records):

                def delivered(error: KafkaError | None, _: Message, at: int = at) -> None:
                    confirmed[at] = error is None

                try:
                    headers: list[tuple[str, str | bytes | None]] = [*record.headers]
                    producer.produce(
                        record.topic, record.value, record.key, record.partition, delivered, headers=headers
                    )
                except (KafkaException, BufferError):
                    break
            producer.flush(self._confirm_s)
        return list(confirmed)

    def require(self, record: Written) -> None:
        """Return once the record cannot be lost. Raises Unavailable."""
        if not self.write([record])[0]:
            raise Unavailable(f"topic {record.topic}: the record is not confirmed; ask again")
