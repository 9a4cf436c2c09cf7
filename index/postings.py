"""Which rows of a graph carry a platform and a category. A graph never changes, so each answer is computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.bitmaps import Bits, packed
from index.logs import RowLog
from index.neighbours import Rows

MAX_KEPT = 1_024


@dataclass(frozen=True)
class Posting:
    """The rows of one filter, ascending, and the same as a bitmap; tombstones included."""

    rows: Rows
    bits: Bits


class Postings:
    """Filters over the first n_rows of a log, remembered up to a bound. Safe from any thread."""

    def __init__(self, log: RowLog, n_rows: int) -> None:
        self._log = log
        self._n_rows = n_rows
        self._kept: dict[tuple[str | None, str | None], Posting] = {}

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
