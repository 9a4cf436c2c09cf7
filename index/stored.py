"""An index as plain data: what a snapshot holds, and the form in which one kind of index can become another."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from index.bitmaps import mask_of, packed
from index.graphs import Graph, GraphShape, stored_vectors
from index.labels import Labelled
from index.logs import RowLog, Tail
from index.neighbours import Rows, Vectors
from index.views import Main, View

BLOCK_ROWS = 4_096


@dataclass(frozen=True)
class StoredRows:
    """n rows: keys, labels, which of them are live, and vectors.

    The first rows may lie in a FAISS graph (`graph.ntotal` of them, vectors inside); `vectors` float32 (n - ntotal, D)
    are those of the rest.
    """

    dim: int
    keys: list[str]
    platforms: Labelled
    categories: Labelled
    live: NDArray[np.bool_]
    vectors: Vectors
    graph: faiss.IndexHNSWFlat | None

    @property
    def n_in_graph(self) -> int:
        """Rows whose vectors lie in the graph."""
        return self.graph.ntotal if self.graph is not None else 0

    def fault(self) -> str | None:
        """What does not fit together, or None."""
        n = len(self.keys)
        if self.graph is not None and self.graph.d != self.dim:
            return f"the graph has dimension {self.graph.d}, the rest {self.dim}"
        lengths = {len(self.platforms.codes), len(self.categories.codes), len(self.live)}
        if lengths != {n} or self.vectors.shape != (n - self.n_in_graph, self.dim):
            return f"{n} keys, columns of {sorted(lengths)} rows, vectors {self.vectors.shape}"
        return None

    def vectors_at(self, rows: Rows) -> Vectors:
        """float32 (len(rows), D)."""
        if self.graph is None:
            return self.vectors[rows]
        found = np.empty((len(rows), self.dim), dtype=np.float32)
        inside = rows < self.n_in_graph
        found[inside] = stored_vectors(self.graph)[rows[inside]]
        found[~inside] = self.vectors[rows[~inside] - self.n_in_graph]
        return found


def to_stored(view: View) -> StoredRows:
    """The rows of a view, tombstones included: the graph's numbering needs them. Shares the graph, copies the rest."""
    return StoredRows(
        dim=view.tail.dim,
        keys=view.log.keys.first(view.n_rows),
        platforms=view.log.platforms.labelled(view.n_rows),
        categories=view.log.categories.labelled(view.n_rows),
        live=mask_of(view.live, 0, view.n_rows),
        vectors=view.tail.first(view.n_tail).copy(),
        graph=view.main.graph.hnsw if view.main is not None else None,
    )


def from_stored(stored: StoredRows, shape: GraphShape) -> View:
    """The view that was stored."""
    every = np.arange(len(stored.keys))
    log = RowLog()
    log.extend(stored.keys, stored.platforms.names_of(every), stored.categories.names_of(every))
    tail = Tail(stored.n_in_graph, stored.dim)
    tail.extend(stored.vectors, at=0)
    main = None
    if stored.graph is not None:
        main = Main.over(Graph(stored.graph, shape), log)
    return View(
        log=log,
        main=main,
        tail=tail,
        n_rows=len(every),
        live=packed(stored.live),
        shown=packed(stored.live & _has_direction(stored, every)),
        n_live=int(stored.live.sum()),
    )


def _has_direction(stored: StoredRows, rows: Rows) -> NDArray[np.bool_]:
    """Mask (N,): which vectors are not zero; in blocks, because the copy of all would double the memory."""
    blocks = [rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS)]
    return np.concatenate([np.zeros(0, dtype=np.bool_), *(stored.vectors_at(block).any(axis=1) for block in blocks)])
