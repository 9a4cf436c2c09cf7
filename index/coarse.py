"""A first look at many rows in 8 bits a number, a quarter of the memory to read; the rows it finds are scored again.

    |<q, x> - <q', x'>| <= step(x) / 2 · |q|_1 + step(q) / 2 · |x'|_1,   step = greatest component / 127

so what the first look loses lies that close behind the last row it brings. In practice errors of D components cancel.
Many rows are sorted into lists by the nearest of some centres, and only the lists nearest to a query are read (an
inverted file: Jégou, Douze and Schmid 2011, section IV.A). How many are read is found out on the rows themselves: so
many that AIMED_RECALL of the neighbours lie in them, all of them where rows form no clusters.
Shapes: Q queries, N rows, D dimensions.
"""

from __future__ import annotations

import faiss
import numpy as np

from index.bitmaps import Bits
from index.neighbours import Rows, Vectors
from index.scan import one_core, untied

#: Fewer rows are scanned as they are.
MIN_ROWS = 2_000
#: Fewer are read whole: there is little to save.
MIN_LISTED_ROWS = 8_000
#: Beyond k, because the first look may put neighbours into a wrong order: so many, and this part of k.
SPARE = 16
SPARE_PART = 0.5
BLOCK_ROWS = 4_096
MOST = 127.0
#: Of the TRIED_K nearest rows of made-up queries.
AIMED_RECALL = 0.98
TRIED_QUERIES = 128
TRIED_K = 40
#: Rows that are averaged for a query: in one half of them a row leads, as in an interest, in the other none does, as in
#: a lasting average, which lies between the lists.
MIXED = 16
CENTRE_PASSES = 8
ROWS_A_CENTRE = 64
SEED = 1


class CoarseRows:
    """Copies of some rows, D bytes each; never changes, searched by any number of threads.

    n_read: lists that a search reads, of n_lists. n_looked_at: rows in these, about.
    """

    def __init__(self, matrix: Vectors, rows: Rows) -> None:
        """matrix: float32 (all rows, D). rows: those that are copied."""
        blocks = [rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS)]
        greatest = max((float(np.abs(matrix[block]).max()) for block in blocks), default=0.0)
        scale = np.float32(MOST / greatest if greatest > 0.0 else 1.0)  # one for all rows: products must compare
        self.n_lists = self.n_read = int(len(rows) ** 0.5) if len(rows) >= MIN_LISTED_ROWS else 1
        self._codes = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(matrix.shape[1]),
            matrix.shape[1],
            self.n_lists,
            faiss.ScalarQuantizer.QT_8bit_direct_signed,
            faiss.METRIC_INNER_PRODUCT,
            False,  # codes are of the rows, not of how far they are from their centre
        )
        one_core()
        drawn = np.random.default_rng(SEED)
        self._find_centres(_codes_of(matrix, drawn.permutation(rows)[: ROWS_A_CENTRE * self.n_lists], scale))
        for block in blocks:
            self._codes.add_with_ids(_codes_of(matrix, block, scale), block)
        if self.n_lists > 1:
            self.n_read = self._n_needed(_made_up_queries(matrix, rows, drawn), len(matrix))
        self.n_looked_at = len(rows) * self.n_read // self.n_lists

    @property
    def n_bytes(self) -> int:
        """Bytes held: codes, places, centres."""
        return int(self._codes.ntotal * (self._codes.code_size + 8) + self.n_lists * 4 * self._codes.d)

    def nearest(self, queries: Vectors, allowed: Bits, k: int) -> Rows:
        """Some more than the k allowed rows closest to each query (Q, D): int64 (Q, F).

        -1 where there are no more. More come back when the last place is tied, so that equal rows are all there.
        allowed: of all rows, those that may come.
        """
        selector = faiss.IDSelectorBitmap(allowed)  # type: ignore[call-arg,arg-type]  # the stubs show C++
        fetch = k + SPARE + int(SPARE_PART * k)
        found = self._search(queries, fetch, self.n_read, selector, self._codes.ntotal)
        if self.n_read < self.n_lists and (found.shape[1] < k or (found[:, k - 1] < 0).any()):
            # What is allowed lies elsewhere.
            found = self._search(queries, fetch, self.n_lists, selector, self._codes.ntotal)
        return found

    def _search(
        self, queries: Vectors, fetch: int, n_read: int, selector: faiss.IDSelectorBitmap | None, limit: int
    ) -> Rows:
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=n_read)  # type: ignore[call-arg]
        # FAISS cuts the numbers of a query to integers as well; what they are multiplied with orders nothing anew.
        whole = np.rint(queries * (np.float32(MOST) / np.abs(queries).max(axis=1, keepdims=True)))
        one_core()
        return untied(lambda n: self._codes.search(whole, n, params=parameters), fetch, limit)

    def _find_centres(self, sample: Vectors) -> None:
        self._codes.cp.niter, self._codes.cp.seed, self._codes.cp.spherical = CENTRE_PASSES, SEED, True
        self._codes.train(sample)

    def _n_needed(self, queries: Vectors, n_all: int) -> int:
        """How many lists hold AIMED_RECALL of what is nearest to these queries (Q, D). n_all: rows there are."""
        found = self._search(queries, TRIED_K, self.n_lists, None, TRIED_K)
        centres = np.asarray(self._codes.quantizer.search(queries, self.n_lists)[1])  # (Q, lists), nearest first
        place = np.argsort(centres, axis=1)  # (Q, lists): how near each list is
        lists = self._codes.invlists
        assert lists is not None, "an inverted file has lists"
        list_of = np.zeros(n_all, np.int64)
        for number in filter(lists.list_size, range(self.n_lists)):
            list_of[faiss.rev_swig_ptr(lists.get_ids(number), lists.list_size(number))] = number
        needed = np.take_along_axis(place, list_of[found], axis=1)
        return int(np.quantile(needed, AIMED_RECALL, method="higher")) + 1


def _codes_of(matrix: Vectors, rows: Rows, scale: np.float32) -> Vectors:
    codes: Vectors = np.rint(matrix[rows] * scale)
    return codes


def _made_up_queries(matrix: Vectors, rows: Rows, drawn: np.random.Generator) -> Vectors:
    """Means of some rows, float32 (TRIED_QUERIES, D), with a row beside in the first half."""
    queries = matrix[drawn.choice(rows, (TRIED_QUERIES, MIXED))].mean(axis=1)
    queries[: TRIED_QUERIES // 2] += matrix[drawn.choice(rows, TRIED_QUERIES // 2)]
    return np.ascontiguousarray(queries, dtype=np.float32)
