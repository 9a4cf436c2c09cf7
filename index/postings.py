"""Which rows of a graph carry a platform and a category. A graph never changes, so each answer is computed once.

Of a platform's rows there is a coarse copy as well: nearly every search asks for one platform, which lies anywhere in
the graph, so that a walk meets much of what it cannot use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from index.bitmaps import Bits, packed
from index.coarse import MIN_ROWS, CoarseRows
from index.logs import RowLog
from index.neighbours import Rows, Vectors

MAX_KEPT = 1_024


@dataclass(frozen=True)
class Posting:
    """The rows of one filter, ascending, and the same as a bitmap; tombstones included.

    coarse: copies of the same rows in the same order, None for most filters.
    """

    rows: Rows
    bits: Bits
    coarse: CoarseRows | None = None


class Postings:
    """Filters over the first n_rows of a log, remembered up to a bound. Safe from any thread."""

    def __init__(self, log: RowLog, n_rows: int) -> None:
        self._log = log
        self._n_rows = n_rows
        self._kept: dict[tuple[str | None, str | None], Posting] = {}

    def copy_platforms(self, vectors: Vectors) -> None:
        """Make the coarse copies, about 2 µs a row. vectors: float32 (n_rows, D) of the graph."""
        for platform in self._log.platforms.names_below(self._n_rows):
            posting = self.of(platform, None)
            if len(posting.rows) >= MIN_ROWS:
                self._kept[platform, None] = replace(posting, coarse=CoarseRows(vectors, posting.rows))

    @property
    def n_bytes(self) -> int:
        """Bytes of the coarse copies."""
        return sum(posting.coarse.n_bytes for posting in list(self._kept.values()) if posting.coarse is not None)

    def of(self, platform: str | None, category: str | None) -> Posting:
        """The rows that carry both; None stands for any."""
        label = (platform, category)
        posting = self._kept.get(label)
        if posting is None:
            mask = self._log.matches(platform, category, 0, self._n_rows)
            posting = Posting(np.flatnonzero(mask), packed(mask))
            # Unknown labels come from callers in any number; only those that exist are worth a place.
            if len(posting.rows) and len(self._kept) < MAX_KEPT:
                self._kept[label] = posting
        return posting
