"""A Kafka record as it arrived, before anybody believed a byte of it."""

from __future__ import annotations

from contextlib import suppress
from math import isfinite
from typing import Final

import msgspec

Headers = tuple[tuple[str, bytes | None], ...]

#: A header of a record that was refused and is written again: the broker's clock when it came first, UTC seconds.
FIRST_CAME: Final = "braid-first-came"


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

    @property
    def first_came_s(self) -> float:
        """When it came first, never later than this time: what its sender's clock is told by."""
        said = next((value for name, value in self.headers if name == FIRST_CAME and value is not None), b"")
        with suppress(ValueError):
            first_s = float(said)
            return min(first_s, self.timestamp_s) if isfinite(first_s) and first_s > 0 else self.timestamp_s
        return self.timestamp_s
