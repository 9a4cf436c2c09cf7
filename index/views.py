"""What a reader sees: the index at one moment. A view never changes; the writer publishes another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Self

import numpy as np

from index.bitmaps import Bits, holds, mask_of, no_rows
from index.graphs import Graph
from index.keys import ABSENT
from index.logs import RowLog, Tail
from index.neighbours import Rows, Vectors
from index.postings import Postings


@dataclass(frozen=True)
class Main:
    """The immutable part: a graph over the first rows of the log, and its filters."""

    graph: Graph
    postings: Postings

    @classmethod
    def over(cls, graph: Graph, log: RowLog) -> Self:
        """The main part of this log, coarse copies made: not for the thread of a request."""
        postings = Postings(log, graph.n_rows)
        postings.copy_platforms(graph.vectors)
        return cls(graph, postings)


@dataclass(frozen=True)
class View:
    """The first n_rows of a log: [0, n_main) in the graph, the rest in the tail.

    live: rows not replaced or deleted. shown: live rows that may be returned, that is, whose vector is not zero.
    """

    log: RowLog
    main: Main | None
    tail: Tail
    n_rows: int
    live: Bits
    shown: Bits
    n_live: int

    @classmethod
    def empty(cls, dim: int) -> Self:
        """No rows."""
        return cls(RowLog(), None, Tail(0, dim), n_rows=0, live=no_rows(0), shown=no_rows(0), n_live=0)

    @property
    def n_main(self) -> int:
        """Rows in the graph."""
        return self.main.graph.n_rows if self.main is not None else 0

    @property
    def n_tail(self) -> int:
        """Rows behind the graph, scanned one by one."""
        return self.n_rows - self.n_main

    def row_of(self, key: str) -> int:
        """The live row of the key, or ABSENT."""
        row = self.log.keys.row_below(key, self.n_rows)
        alive = row != ABSENT and bool(self.live[row >> 3] >> (row & 7) & 1)
        return row if alive else ABSENT

    def live_rows(self, start: int = 0) -> Rows:
        """The live rows from `start` on, ascending."""
        return np.flatnonzero(mask_of(self.live, start, self.n_rows)) + start

    def vector_at(self, row: int) -> Vectors:
        """The vector of one row, float32 (D,), not copied."""
        if self.main is not None and row < self.n_main:
            vector: Vectors = self.main.graph.vectors[row]
            return vector
        newer: Vectors = self.tail.first(self.n_tail)[row - self.n_main]
        return newer

    def vectors_at(self, rows: Rows) -> Vectors:
        """A copy of the vectors of these rows, float32 (len(rows), D)."""
        tail = self.tail.first(self.n_tail)
        if self.main is None:
            return tail[rows]
        inside = rows < self.n_main
        if inside.all():  # nearly always: one copy less
            vectors: Vectors = self.main.graph.vectors[rows]
            return vectors
        found = np.empty((len(rows), self.tail.dim), dtype=np.float32)
        found[inside] = self.main.graph.vectors[rows[inside]]
        found[~inside] = tail[rows[~inside] - self.n_main]
        return found

    def vectors_of(self, keys: Sequence[str]) -> tuple[list[str], Vectors]:
        """Of the keys that are present, in the order asked: (keys, float32 (N, D))."""
        rows = self.log.keys.each_below(keys, self.n_rows)
        present = rows != ABSENT
        present[present] = holds(self.live, rows[present])
        return list(compress(keys, present.tolist())), self.vectors_at(rows[present])
