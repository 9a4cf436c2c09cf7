"""The immutable main part: a FAISS HNSW graph over the first rows of a log.

HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
Small World graphs", 2018 (arXiv:1603.09320). FAISS cannot take a node out of it, so rows die by selector only, and a
graph grows as a copy: the one that readers hold is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, cast

import faiss
import numpy as np

from index.bitmaps import Bits
from index.neighbours import Rows, Vectors
from index.scan import one_core, untied

LINK_BYTES = 4
WALKED_PER_SEEN = 1.5  # at 1 the next items lie at the edge of the walk: recall .88 when the 1,000 nearest were seen
MAX_TIED = 512
MIN_LIVE_SHARE = 0.25


@dataclass(frozen=True)
class GraphShape:
    """n_links per node and level (M of the paper); candidates kept while building and while searching.

    n_scanned_per_walked: a row walked in the graph costs about as much as this many rows scanned, and a scan is exact.
    """

    n_links: int = 16
    n_build_candidates: int = 80
    n_search_candidates: int = 64
    n_scanned_per_walked: int = 8


class Allowed(NamedTuple):
    """What may be returned as far as tombstones and seen items go.

    rows: the set. n_seen: how many rows are forbidden because the person has seen them. live_share: about which part
    of all rows is not a tombstone.
    """

    rows: Bits
    n_seen: int
    live_share: float


class Graph:
    """HNSW over rows [0, n_rows), searched by any number of threads."""

    def __init__(self, hnsw: faiss.IndexHNSWFlat, shape: GraphShape) -> None:
        self.hnsw = hnsw
        self.n_rows: int = hnsw.ntotal
        self.vectors = stored_vectors(hnsw)
        self._shape = shape

    @property
    def n_bytes(self) -> int:
        """Vectors and links of the lowest level; the levels above add about 1/n_links of the links."""
        return self.vectors.nbytes + self.n_rows * LINK_BYTES * 2 * self._shape.n_links

    def is_walk_cheaper(self, k: int, allowed: Allowed, n_scanned: int) -> bool:
        """Whether a search for k costs less than a scan of n_scanned rows, which is exact."""
        return self._shape.n_scanned_per_walked * self._n_walked(k, allowed) < n_scanned

    def _n_walked(self, k: int, allowed: Allowed) -> int:
        """Tombstones lie anywhere and thin out what a walk finds; seen items lie right where it looks."""
        wide = max(self._shape.n_search_candidates, k) / max(allowed.live_share, MIN_LIVE_SHARE)
        return int(wide + WALKED_PER_SEEN * allowed.n_seen)

    def search(self, queries: Vectors, k: int, allowed: Allowed) -> Rows:
        """The allowed rows closest to each query (Q, D), best first: int64 (Q, F), -1 where there are no more.

        F >= k, larger when the k-th place is tied, up to a bound: many equal vectors would be walked one by one.
        Fewer than k only when the graph has fewer rows.
        """
        selector = faiss.IDSelectorBitmap(allowed.rows)  # type: ignore[call-arg,arg-type]  # the stubs show C++
        parameters = faiss.SearchParametersHNSW(  # type: ignore[attr-defined]
            efSearch=self._n_walked(k, allowed), sel=selector
        )
        one_core()
        return untied(
            lambda fetch: self.hnsw.search(queries, fetch, params=parameters),
            k,
            limit=min(self.n_rows, max(k, MAX_TIED)),
        )


def stored_vectors(hnsw: faiss.IndexHNSWFlat) -> Vectors:
    """The vectors inside the graph, float32 (N, D), not copied; use them only while the graph is alive."""
    flat = faiss.downcast_index(hnsw.storage)
    n, dim = int(hnsw.ntotal), int(hnsw.d)
    if not n:
        return np.empty((0, dim), dtype=np.float32)
    return cast("Vectors", faiss.rev_swig_ptr(flat.get_xb(), n * dim).reshape(n, dim))  # type: ignore[attr-defined]


def empty_hnsw(dim: int, shape: GraphShape) -> faiss.IndexHNSWFlat:
    """A graph without rows."""
    hnsw = faiss.IndexHNSWFlat(dim, shape.n_links, faiss.METRIC_INNER_PRODUCT)
    hnsw.hnsw.efConstruction = shape.n_build_candidates
    return hnsw


def grow(hnsw: faiss.IndexHNSWFlat, blocks: Iterable[Vectors], n_threads: int, is_stopped: Callable[[], bool]) -> bool:
    """Add blocks of vectors (N, D) in place, about 5,000 rows of 384 a second and core; False when it was stopped."""
    for block in blocks:
        if is_stopped():
            return False
        faiss.omp_set_num_threads(n_threads)  # belongs to this thread: searches keep their one core
        hnsw.add(block)
    return True


def copied(hnsw: faiss.IndexHNSWFlat) -> faiss.IndexHNSWFlat:
    """A second graph with the same rows."""
    return cast("faiss.IndexHNSWFlat", faiss.clone_index(hnsw))
