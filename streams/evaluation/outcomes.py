"""Where each target came in a ranking: expected values over ties and over what is not listed.

The rank of a target is uniform over the block of items it is tied with, b of them better, m in the block:

    E[hit@k] = clip(k - b, 0, m) / m,  E[1/rank] = (H(b + m) - H(b)) / m,  E[NDCG@k] = sum over ranks <= k of
    1 / log2(rank + 1), by m; with one relevant item NDCG needs no ideal (Järvelin and Kekäläinen 2002; McSherry and
    Najork 2008 for ties).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from streams.evaluation.catalogue import Catalogue
from streams.evaluation.logs import Targets
from streams.evaluation.methods.port import Numbers, Ranking, Rows

#: How many items a list shows.
SHOWN: Final = 10
#: Fills the places of a list that has fewer.
NOTHING: Final = -1


@dataclass(frozen=True)
class Outcomes:
    """Of T targets: hits, ndcg, reciprocal_ranks (T,), expected values; shown: item rows (T, 10), then NOTHING."""

    hits: Numbers
    ndcg: Numbers
    reciprocal_ranks: Numbers
    shown: Rows


class Scorer:
    """Fills the outcomes of targets, one ranking at a time.

    Candidates are the items of the target's platform that the person has not had and that do not share the target's
    time; whatever else a ranking lists is passed over.
    """

    def __init__(self, catalogue: Catalogue, targets: Targets) -> None:
        n = len(targets)
        self._catalogue, self._targets = catalogue, targets
        self._is_out = np.zeros(len(catalogue), dtype=np.bool_)
        ranks = np.arange(1, len(catalogue) + 1)
        self._harmonic = np.concatenate([[0.0], np.cumsum(1.0 / ranks)])
        self._gain = np.concatenate([[0.0], np.cumsum(np.where(ranks <= SHOWN, 1.0 / np.log2(ranks + 1), 0.0))])
        self.outcomes = Outcomes(np.zeros(n), np.zeros(n), np.zeros(n), np.full((n, SHOWN), NOTHING, dtype=np.intp))

    def score(self, row: int, ranking: Ranking) -> None:
        """Take the ranking of a target (row). Raises ValueError for one with repeats or of another platform."""
        targets = self._targets
        out = np.concatenate([targets.seen[row], targets.barred[row]])
        out = out[out != targets.items[row]]
        self._check(row, ranking)
        self._is_out[out] = True
        keep = ~self._is_out[ranking.items]
        self._is_out[out] = False
        items = ranking.items[keep]
        scores = None if ranking.scores is None else ranking.scores[keep]
        platform = targets.platforms[row]
        n_out = int(np.count_nonzero(self._catalogue.platform[out] == platform))
        n_candidates = len(self._catalogue.rows_of[platform]) - n_out
        n_better, n_tied = _place(targets.items[row], items, scores, n_candidates)
        outcomes, end = self.outcomes, n_better + n_tied
        outcomes.hits[row] = min(max(SHOWN - n_better, 0), n_tied) / n_tied
        outcomes.ndcg[row] = (self._gain[end] - self._gain[n_better]) / n_tied
        outcomes.reciprocal_ranks[row] = (self._harmonic[end] - self._harmonic[n_better]) / n_tied
        best = items[:SHOWN] if scores is None else items[_best(scores, items)]
        outcomes.shown[row, : len(best)] = best

    def _check(self, row: int, ranking: Ranking) -> None:
        items = ranking.items
        if ranking.scores is not None and len(ranking.scores) != len(items):
            raise ValueError(f"{len(items)} items with {len(ranking.scores)} scores")
        if len(items) and np.any(self._catalogue.platform[items] != self._targets.platforms[row]):
            raise ValueError("a ranking lists items of another platform than it was asked for")
        self._is_out[items] = True
        n_distinct = int(np.count_nonzero(self._is_out))
        self._is_out[items] = False
        if n_distinct != len(items):
            raise ValueError("a ranking lists an item twice")


def _place(target: int, items: Rows, scores: Numbers | None, n_candidates: int) -> tuple[int, int]:
    """(items better than the target, items tied with it, itself among them)."""
    at = np.flatnonzero(items == target)
    if not len(at):
        return len(items), n_candidates - len(items)
    if scores is None:
        return int(at[0]), 1
    score = scores[at[0]]
    return int(np.count_nonzero(scores > score)), int(np.count_nonzero(scores == score))


def _best(scores: Numbers, items: Rows) -> Rows:
    """Places of the best `SHOWN`, best first; among equals the lower item row."""
    if len(scores) > SHOWN:
        least = np.partition(scores, len(scores) - SHOWN)[len(scores) - SHOWN]
        near = np.flatnonzero(scores >= least)
    else:
        near = np.arange(len(scores))
    return near[np.lexsort((items[near], -scores[near]))][:SHOWN]
