"""A first look at many rows in 8 bits a number, a quarter of the memory to read; the rows it finds are scored again.

    |<q, x> - <q', x'>| <= step(x) / 2 · |q|_1 + step(q) / 2 · |x'|_1,   step = greatest component / 127

so what the first look loses lies that close behind the last row it brings. In practice errors of D components cancel:
with SPARE more rows than asked for, recall after scoring again was 1.000 (docs/performance.md). Shapes: Q queries,
N rows, D dimensions.
"""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from index.bitmaps import packed
from index.neighbours import Rows, Vectors
from index.scan import one_core, untied

#: Fewer rows are scanned as they are.
MIN_ROWS = 2_000
#: Beyond k, because the first look may put neighbours into a wrong order: so many, and this part of k.
SPARE = 16
SPARE_PART = 0.5
BLOCK_ROWS = 4_096
MOST = 127.0


class CoarseRows:
    """Copies of some rows, D bytes each; never changes, searched by any number of threads."""

    def __init__(self, matrix: Vectors, rows: Rows) -> None:
        """matrix: float32 (all rows, D). rows: those that are copied."""
        blocks = [rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS)]
        greatest = max((float(np.abs(matrix[block]).max()) for block in blocks), default=0.0)
        scale = np.float32(MOST / greatest if greatest > 0.0 else 1.0)  # one for all rows: products must compare
        self._codes = faiss.IndexScalarQuantizer(
            matrix.shape[1], faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
        )
        for block in blocks:
            self._codes.add(np.rint(matrix[block] * scale))

    @property
    def n_bytes(self) -> int:
        """Bytes held."""
        return int(self._codes.ntotal * self._codes.code_size)

    def nearest(self, queries: Vectors, allowed: NDArray[np.bool_], k: int) -> Rows:
        """Places among the rows of some more than the k allowed ones closest to each query (Q, D): int64 (Q, F).

        -1 where there are no more. More come back when the last place is tied, so that equal rows are all there.
        allowed: mask (N,).
        """
        selector = faiss.IDSelectorBitmap(packed(allowed))  # type: ignore[call-arg,arg-type]  # the stubs show C++
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        # FAISS cuts the numbers of a query to integers as well; what they are multiplied with orders nothing anew.
        whole = np.rint(queries * (np.float32(MOST) / np.abs(queries).max(axis=1, keepdims=True)))
        one_core()
        return untied(
            lambda fetch: self._codes.search(whole, fetch, params=parameters),
            k + SPARE + int(SPARE_PART * k),
            limit=len(allowed),
        )
