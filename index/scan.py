"""The exhaustive scan of some rows of a matrix, in FAISS: no copy of the rows, no lock on Python, one core.

numpy would be simpler, but gathers the rows first and hands the product to BLAS, whose own threads stall for
milliseconds when the cores are busy (4,000 rows of 384: 0.1 ms here, 0.4-8 ms there).
"""

from __future__ import annotations

from collections.abc import Callable

import faiss
import numpy as np

from index.neighbours import Rows, Vectors

TIE_GROWTH = 4


def scan(queries: Vectors, matrix: Vectors, rows: Rows, k: int) -> Rows:
    """The rows of `matrix` (N, D) closest to each query (Q, D) among `rows`, best first: int64 (Q, F), F >= k.

    More than k come back when the k-th place is tied, so that the caller can break ties its own way; fewer only
    when `rows` has fewer. matrix and queries: float32, C-contiguous.
    """
    return untied(lambda fetch: _nearest(queries, matrix, rows, fetch), k, limit=len(rows))


def untied(nearest: Callable[[int], tuple[Vectors, Rows]], k: int, limit: int) -> Rows:
    """Ask for more than k, at most `limit`, until the k-th place of no query is tied: int64 (Q, F).

    nearest: from a number F to scores and rows (Q, F), best first, rows -1 where there are no more.
    """
    fetch = min(k + 1, limit)
    while True:
        scores, found = nearest(fetch)
        if fetch >= limit or ((scores[:, k - 1] > scores[:, -1]) | (found[:, -1] < 0)).all():
            return found
        fetch = min(TIE_GROWTH * fetch, limit)


def _nearest(queries: Vectors, matrix: Vectors, rows: Rows, fetch: int) -> tuple[Vectors, Rows]:
    scores = np.empty((len(queries), fetch), dtype=np.float32)
    found = np.empty((len(queries), fetch), dtype=np.int64)
    if fetch:
        one_core()
        faiss.knn_inner_products_by_idx(  # type: ignore[attr-defined]  # missing in the stubs of FAISS
            faiss.swig_ptr(queries),
            faiss.swig_ptr(matrix),
            faiss.swig_ptr(rows),
            matrix.shape[1],
            len(queries),
            len(matrix),
            len(rows),
            fetch,
            faiss.swig_ptr(scores),
            faiss.swig_ptr(found),
            0,
        )
    return scores, found


def one_core() -> None:
    """Make FAISS calls of the calling thread use one core.

    Requests run side by side already; a team of OpenMP threads for each would wait for cores that other requests
    hold, and a single query has nothing to share out. The OpenMP setting belongs to the calling thread, so it is
    repeated (0.2 µs) before each call instead of once per process; FAISS brings its own OpenMP, torch is untouched.
    """
    faiss.omp_set_num_threads(1)
