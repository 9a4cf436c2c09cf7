"""Records on their way to the log of events, and where they came to stand."""

from __future__ import annotations

from typing import NamedTuple

from streams.domain.raw import Headers


class Outgoing(NamedTuple):
    """A record to publish. key: records of one key keep their order; None where nobody can be told."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = ()


class Placed(NamedTuple):
    """Where all in-sync replicas have a record. offset: None where they had it before and do not say where."""

    partition: int
    offset: int | None
