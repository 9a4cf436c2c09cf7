"""Topics read on the side: what people who look for a record need of them, and nothing that a group would notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from streams.domain.raw import RawRecord


class Span(NamedTuple):
    """Offsets of one partition, `end` excluded."""

    begin: int
    end: int


Spans = Mapping[int, Span]
"""By partition."""


class TopicReading(Protocol):
    """One look into the topics, for one thread. Every method raises Unavailable when the brokers do not answer."""

    def kept(self, topic: str) -> Spans:
        """What the log holds now; empty where there is no such topic."""

    def since(self, topic: str, at_s: float) -> Spans:
        """From the first record that the broker took at or after `at_s`, UTC seconds; may begin earlier."""

    def read(self, topic: str, spans: Spans) -> Iterator[Sequence[RawRecord]]:
        """Committed records, in order within a partition; an empty batch every quarter second while none comes.

        Ends when every span was read. A caller who has enough just stops.
        """

    def applied(self, stage: str, topic: str, partition: int) -> int:
        """The offset that a stage goes on from; 0 where it has applied nothing yet."""


class Topics(Protocol):
    """Opens looks. Each costs some tens of milliseconds and disturbs no other."""

    def open(self) -> AbstractContextManager[TopicReading]:
        """A look that ends with its block."""
