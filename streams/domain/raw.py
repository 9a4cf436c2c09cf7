"""A Kafka record as it arrived, before anybody believed a byte of it."""

from __future__ import annotations

import msgspec

Headers = tuple[tuple[str, bytes | None], ...]


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """One record of an input topic.

    timestamp_s: the broker's clock on arrival (LogAppendTime), UTC seconds; 0 or less when the broker gave none.
    """

    value: bytes | None
    headers: Headers = ()
    timestamp_s: float = 0.0
    topic: str = ""
    partition: int = 0
    offset: int = 0
    key: bytes | None = None
