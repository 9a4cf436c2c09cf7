"""How records are fetched: how many, how long the broker holds them back, and the consumer thread that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faust.transport.drivers import aiokafka as driver

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

#: Longest wait of a fetch while nothing comes; a rebalance or a stop waits no longer than this for one in flight.
_IDLE_WAIT_MS = 500


@dataclass(frozen=True)
class FetchLimits:
    """How large a fetch may be and how long the broker may hold it back to fill it.

    max_records: of one message, whatever the broker sent together; lanes merge messages into micro-batches.
    """

    max_records: int = 1_000
    min_bytes: int = 1
    linger_s: float = 0.02


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Sets what Faust fixes: the long poll, the fill level and the isolation of a fetch."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        limits = limits_of(self.app)
        # aiokafka keeps one fetch in flight per broker node: with Faust's 1.5 s, a poll of drained partitions would
        # hold up the busy ones. The wait is also the linger that fills thin batches, at no cost on this side.
        consumer._fetch_max_wait_ms, consumer._fetch_min_bytes = _lingering(limits)  # noqa: SLF001
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    def note_fetch(self, has_records: bool) -> None:
        """Linger while records come; while none do, wait long for the first one, which then comes at once.

        Otherwise a stage without traffic asks the broker 1/linger times a second: 1 % of a core.
        """
        fetcher = None if self._consumer is None else self._consumer._fetcher  # noqa: SLF001
        if fetcher is not None:
            wait_ms, min_bytes = _lingering(limits_of(self.app)) if has_records else (_IDLE_WAIT_MS, 1)
            fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes = wait_ms, min_bytes  # noqa: SLF001

    def note_poll(self) -> None:
        """Count as a poll: a consumer that waits for room must not be taken for dead.

        After `broker_max_poll_interval` aiokafka leaves the group until the next poll, which Faust never makes while
        its flow is stopped: the stage would stand still for ever.
        """
        if self._consumer is not None:
            with self._consumer._subscription.fetch_context():  # noqa: SLF001
                pass


def limits_of(app: Any) -> FetchLimits:
    """The app's fetch limits; defaults for an app that set none."""
    return getattr(app, "fetch_limits", None) or FetchLimits()


def _lingering(limits: FetchLimits) -> tuple[int, int]:
    """(longest wait in ms, bytes that end it) of a fetch while records come."""
    return max(1, round(limits.linger_s * 1000)), limits.min_bytes
