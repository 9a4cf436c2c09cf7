"""What ingest needs of the brokers, said as promises about time, failure and order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from streams.domain.published import Outgoing, Placed


class Publisher(Protocol):
    """The log of events. One for all requests of a process."""

    async def publish(self, records: Sequence[Outgoing]) -> list[Placed | None]:
        """Return once each record is confirmed by all in-sync replicas, or is not within the bound: None.

        Records of one key keep their order, within a call and from call to call. What is not confirmed may be in the
        log all the same. Raises Overloaded when too much waits, Retryable when the brokers are away; then nothing was
        handed over.
        """

    def missing(self) -> list[str]:
        """What stands in everybody's way, each with its remedy; empty when records can be published. Never blocks."""
