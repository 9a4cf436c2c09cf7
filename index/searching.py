"""A search over a view: the graph and the rows behind it, labels, what was seen, and the final order.

Tombstones and seen items are kept out by a selector inside the graph. Labels are not: a selector finds k rows that
carry them, but not the closest ones when the query lies elsewhere (measured with categories that follow the content:
recall .38-.56 at 12-42 % kept). So the graph is asked for the nearest rows *whatever their labels*; when k of these
carry them, no closer ones exist outside. Else it is asked more widely, until scanning every row with the labels is
cheaper, and that is exact.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from index.bitmaps import holds, mask_of, without_rows
from index.graphs import Allowed, Graph
from index.neighbours import Neighbour, Request, Rows, Vectors, ranked, scores_of
from index.postings import Posting
from index.scan import scan
from index.views import View

EXPECTED_HITS = 2  # times k, so that an even spread of the labels rarely needs the second try
WIDER = 8
COARSE_PER_SCANNED = 4  # rows of a coarse copy read in the time of one scanned in place: 25,000 take 1.1 and 4.8 ms


def nearest(view: View, request: Request) -> list[list[Neighbour]]:
    """For each query at most k neighbours, best first, ties by key."""
    return [
        ranked(view.log.keys.keys_of(rows), scores, request.k)
        for rows, scores in (_best(view, query, rows, request.k) for query, rows in _found(view, request))
    ]


def around(view: View, request: Request) -> tuple[list[str], Vectors]:
    """What is near any of the queries, rising by key: (keys, float32 (N, D)). A list an answer costs more than this."""
    found = list(_found(view, request))
    # Once from memory, for all queries and for the answer: this is what a search waits for.
    together = np.unique(np.concatenate([rows for _, rows in found]))
    vectors = view.vectors_at(together)
    is_best = np.zeros(len(together), np.bool_)
    for query, rows in found:
        places = np.searchsorted(together, rows)
        is_best[_best_k(view, scores_of(query, vectors[places]), places, together, request.k)] = True
    best = np.flatnonzero(is_best)
    keys = view.log.keys.keys_of(together[best])
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [keys[at] for at in order], vectors[best[order]]


def _found(view: View, request: Request) -> Iterator[tuple[Vectors, Rows]]:
    """(query (D,), rows that hold its k nearest) of each query."""
    seen = view.log.keys.rows_below(request.exclude, view.n_rows)
    shown = without_rows(view.shown, seen) if len(seen) else view.shown
    allowed = Allowed(shown, len(seen), live_share=view.n_live / max(view.n_rows, 1))
    parts = [*_in_tail(view, request, allowed)]
    if view.main is not None:
        in_main = _in_main(view, view.main.graph, request, allowed)
        parts = [np.concatenate(both) for both in zip(in_main, parts, strict=True)]
    for query, rows in zip(request.queries, parts, strict=True):
        yield query, rows[rows >= 0]


def _in_tail(view: View, request: Request, allowed: Allowed) -> Rows:
    """Rows of the log behind the graph: int64 (Q, F)."""
    mask = mask_of(allowed.rows, view.n_main, view.n_rows)
    mask &= view.log.matches(request.platform, request.category, view.n_main, view.n_rows)
    rows = scan(request.queries, view.tail.first(view.n_tail), np.flatnonzero(mask), request.k)
    return rows + view.n_main


def _in_main(view: View, graph: Graph, request: Request, allowed: Allowed) -> list[Rows]:
    """Rows of the graph, of each query."""
    assert view.main is not None
    if request.platform is None and request.category is None:
        return list(_unlabelled(graph, request, allowed))
    posting = view.main.postings.of(request.platform, request.category)
    if posting.coarse is not None and not graph.is_walk_cheaper(
        _width(graph, request.k, posting), allowed, posting.coarse.n_looked_at // COARSE_PER_SCANNED
    ):
        return list(posting.coarse.nearest(request.queries, allowed.rows, request.k))
    return [_labelled(graph, query[None], request.k, allowed, posting) for query in request.queries]


def _unlabelled(graph: Graph, request: Request, allowed: Allowed) -> Rows:
    """int64 (Q, F), -1 where a query has fewer."""
    if graph.is_walk_cheaper(request.k, allowed, graph.n_rows):
        found = graph.search(request.queries, request.k, allowed)
        if (found[:, : request.k] >= 0).all() and found.shape[1] >= request.k:
            return found
    kept = np.flatnonzero(mask_of(allowed.rows, 0, graph.n_rows))
    return scan(request.queries, graph.vectors, kept, request.k)


def _labelled(graph: Graph, query: Vectors, k: int, allowed: Allowed, posting: Posting) -> Rows:
    """Rows with the labels closest to one query (1, D): int64 (F,)."""
    n_kept = len(posting.rows)
    width = _width(graph, k, posting)
    while width < graph.n_rows and graph.is_walk_cheaper(width, allowed, n_kept):
        found = graph.search(query, width, allowed)[0]
        found = found[found >= 0]
        hits: Rows = found[holds(posting.bits, found)]
        if len(hits) >= k:
            return hits
        width *= WIDER
    kept = posting.rows[holds(allowed.rows, posting.rows)]
    rows: Rows = scan(query, graph.vectors, kept, k)[0]
    return rows


def _width(graph: Graph, k: int, posting: Posting) -> int:
    """How many rows of any label to ask for, so that k of them carry this one."""
    return EXPECTED_HITS * k * graph.n_rows // max(len(posting.rows), 1)


def _best(view: View, query: Vectors, rows: Rows, k: int) -> tuple[Rows, Vectors]:
    """(rows, their scores) of what can be among the best k: more than k where the last place is tied."""
    scores = scores_of(query, view.vectors_at(rows))
    if len(rows) <= k:
        return rows, scores
    good = scores >= np.partition(scores, -k)[-k]
    return rows[good], scores[good]


def _best_k(view: View, scores: Vectors, places: Rows, together: Rows, k: int) -> Rows:
    """The places, each with a score (N,), of the best k, in any order; ties by key. together: the row of each place."""
    if len(places) <= k:
        return places
    least = np.partition(scores, -k)[-k]
    better, tied = places[scores > least], places[scores == least]
    n_left = k - len(better)
    if len(tied) > n_left:
        by_key = np.array(sorted(range(len(tied)), key=view.log.keys.keys_of(together[tied]).__getitem__))
        tied = tied[by_key[:n_left]]
    return np.concatenate([better, tied])
