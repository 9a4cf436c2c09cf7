"""What outlives a process, in memory."""

from __future__ import annotations

from streams.domain.projection import Projection


class MemoryProjection:
    def __init__(self) -> None:
        self.projection: Projection | None = None
        self.n_written = 0

    def read(self) -> Projection | None:
        return self.projection

    def write(self, projection: Projection) -> None:
        self.projection = projection
        self.n_written += 1
