"""Applied event ids of one account: drops what platforms send twice and what a crash made normalise send again.

The latest `capacity` ids by (time, id) are kept. What is evicted raises the horizon; an event at or below the horizon
cannot be told from a repeat and is dropped, so that nothing ever counts twice. Distinct events are lost to it only when
one account brings more than `capacity` newer events before them.

Two packed byte strings (8 bytes an id, 4 bytes a time) instead of a set: a state record is read and written for every
batch, and `bytes.find` over a few kB is faster than building hundreds of objects.
"""

from __future__ import annotations

from enum import Enum

import msgspec
import numpy as np

from streams.domain.events import EVENT_ID_BYTES

TIME_BYTES = 4


class Sight(Enum):
    """What the book says of an event."""

    NEW = "new"
    REPEAT = "repeat"
    BEHIND_HORIZON = "behind_horizon"


class SeenIds(msgspec.Struct, array_like=True):
    """ids: n x 8 bytes; times: n x uint32, seconds since the epoch; both in arrival order. horizon: (time, id)."""

    ids: bytes = b""
    times: bytes = b""
    horizon_s: int = -1
    horizon_id: bytes = b""

    def __len__(self) -> int:
        return len(self.ids) // EVENT_ID_BYTES

    def look(self, event_id: bytes, at_s: float) -> Sight:
        """Whether the event counts."""
        if self.horizon_s >= 0 and (_seconds(at_s), event_id) <= (self.horizon_s, self.horizon_id):
            return Sight.BEHIND_HORIZON
        return Sight.REPEAT if self._holds(event_id) else Sight.NEW

    def _holds(self, event_id: bytes) -> bool:
        at = self.ids.find(event_id)
        while at >= 0:
            if at % EVENT_ID_BYTES == 0:
                return True
            at = self.ids.find(event_id, at + 1)
        return False

    def add(self, entries: list[tuple[float, bytes]], capacity: int) -> int:
        """Remember new events; returns how many ids were evicted."""
        self.ids += b"".join([event_id for _, event_id in entries])
        self.times += b"".join([_seconds(at_s).to_bytes(4, "little") for at_s, _ in entries])
        n_evicted = len(self) - capacity
        if n_evicted <= 0:
            return 0
        times = np.frombuffer(self.times, "<u4")
        ids = np.frombuffer(self.ids, ">u8")  # big-endian integers sort as the bytes do
        order = np.lexsort((ids, times))
        evicted, kept = order[:n_evicted], np.sort(order[n_evicted:])
        last = evicted[-1]
        self.horizon_s, self.horizon_id = int(times[last]), int(ids[last]).to_bytes(EVENT_ID_BYTES, "big")
        self.ids, self.times = ids[kept].tobytes(), times[kept].tobytes()
        return n_evicted


def _seconds(at_s: float) -> int:
    return min(max(int(at_s), 0), 0xFFFF_FFFF)
