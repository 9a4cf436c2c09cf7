"""What an index says about itself, for the metrics. This package counts; whoever runs it publishes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IndexReport:
    """Sizes and rebuilds.

    n_rows items present; n_main rows in the graph and n_delta rows scanned flat, both with their tombstones;
    n_tombstones rows replaced or deleted since the last full rebuild; n_rebuilds finished in the background;
    last_rebuild_s how long the last one took, 0 before the first; n_bytes an estimate.
    """

    n_rows: int
    n_main: int = 0
    n_delta: int = 0
    n_tombstones: int = 0
    n_rebuilds: int = 0
    last_rebuild_s: float = 0.0
    n_bytes: int = 0
