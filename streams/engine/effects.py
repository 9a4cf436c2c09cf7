"""What a stage makes of a micro-batch, said as data; the checkpoint alone decides when each part becomes durable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from streams.domain.raw import RawRecord

Headers = list[tuple[str, str | bytes | None]]
Keyed = tuple[bytes | None, bytes | None]
"""(key, value) of a record; value None deletes."""


@dataclass(slots=True)
class Outgoing:
    """Records for one topic. partition None: by key (murmur2), as every Kafka client agrees on.

    headers apply to each record; they cost librdkafka's batch call, so only topics whose contract has them set any.
    """

    topic: str
    records: Sequence[Keyed]
    partition: int | None = None
    headers: Headers | None = None


@dataclass(slots=True)
class Effects:
    """outputs: records to publish. states: (key, new value or None to delete) of the stage's own table."""

    outputs: list[Outgoing] = field(default_factory=list)
    states: list[tuple[bytes, bytes | None]] = field(default_factory=list)


class StateReader(Protocol):
    """Reads of the partition's state inside a fold: local, microseconds, sees all earlier checkpoints."""

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where there is none."""

    def scan(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries from `begin` to before `end` in the order of their keys; read while the fold lasts."""


class Stage(Protocol):
    """One step of the pipeline. Calls run in a thread, batches of one partition strictly one after the other.

    `prepare` (records of one source partition) decodes, validates and encodes; the batch before may still be
    committing, so it sees no state.
    `fold` is fast, reads state and returns effects; it must not have any of its own. An exception from either ends
    the process: a bad record is a dead letter among the effects, never an exception.
    """

    name: str

    def prepare(self, records: list[RawRecord]) -> Any:
        """What `fold` will need."""

    def fold(self, prepared: Any, state: StateReader) -> Effects:
        """What the batch changes."""

    def committed(self, prepared: Any) -> None:
        """Told once the batch is durable; for metrics only."""


class NoState:
    """The state of a stage that keeps none."""

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """Nothing for every key."""
        return [None] * len(keys)

    def scan(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:  # noqa: ARG002
        """No entries."""
        return iter(())
