"""From outcomes to rows: means with 95 % confidence intervals, and what the lists are like beside being right.

Intervals of rates are Wilson's (1927), which say something sensible at no hit in eleven targets; those of other means
are normal, mean ± 1.96 · s / sqrt(n) over targets, cut to [0, 1]. Differences of two methods are paired.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from streams.evaluation.methods.port import Numbers, Rows
from streams.evaluation.outcomes import NOTHING, Outcomes

Z95: Final = 1.96
DIGITS: Final = 6
Row = dict[str, Any]


def rate_interval(values: Numbers) -> tuple[float, float]:
    """Wilson's 95 % of the mean of hits (n,), n > 0; expected hits between 0 and 1 vary less than the formula allows.

    >>> rate_interval(np.array([0.0] * 9 + [1.0]))
    (0.017876, 0.404155)
    """
    n, rate = len(values), float(values.mean())
    square = Z95**2
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = Z95 / (1 + square / n) * np.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return rounded(max(0.0, middle - half)), rounded(min(1.0, middle + half))


def interval(values: Numbers) -> tuple[float, float]:
    """95 % of the mean of values (n,). With fewer than two values nothing is known: (0, 1)."""
    if len(values) < 2:
        return 0.0, 1.0
    half = Z95 * float(values.std(ddof=1)) / np.sqrt(len(values))
    return rounded(max(0.0, values.mean() - half)), rounded(min(1.0, values.mean() + half))


def accuracy_of(outcomes: Outcomes, asked: Rows) -> Row:
    """n, hr10, ndcg10, mrr of some targets (rows), each with its interval; ci95 is that of hr10."""
    hits, ndcg, ranks = outcomes.hits[asked], outcomes.ndcg[asked], outcomes.reciprocal_ranks[asked]
    if not len(asked):
        return {"n": 0, "hr10": None, "ndcg10": None, "mrr": None, "ci95": None, "ndcg10_ci95": None, "mrr_ci95": None}
    return {
        "n": len(asked),
        "hr10": rounded(hits.mean()),
        "ndcg10": rounded(ndcg.mean()),
        "mrr": rounded(ranks.mean()),
        "ci95": rate_interval(hits),
        "ndcg10_ci95": interval(ndcg),
        "mrr_ci95": interval(ranks),
    }


def compared(ours: Outcomes, theirs: Outcomes, asked: Rows) -> Row:
    """How much more often the first of two methods hits, on the same targets: ratio, difference and its interval."""
    gain = ours.hits[asked] - theirs.hits[asked]
    base = float(theirs.hits[asked].mean())
    half = Z95 * float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else 1.0
    return {
        "n": len(asked),
        "hr10_ratio": rounded(float(ours.hits[asked].mean()) / base) if base else None,
        "hr10_difference": rounded(gain.mean()),
        "ci95": (rounded(gain.mean() - half), rounded(gain.mean() + half)),
    }


def coverage(shown: Rows, n_items: int) -> float:
    """Share of n_items that at least one list shows."""
    return rounded(len(np.unique(shown[shown != NOTHING])) / max(n_items, 1))


def diversity(shown: Rows, words: csr_array) -> float | None:
    """Mean over lists of the mean distance, 1 - cosine of texts, of two of their items; None without such a pair.

    The mean pairwise distance inside a list (Ziegler et al. 2005 as a similarity; Castells et al. 2015). Items without
    text are left out. words: (N, V) rows of unit length. Of unit rows x: sum over pairs of cosines is
    (|sum x|² - n) / 2.
    """
    has_text = np.append(np.diff(words.indptr) > 0, False)  # NOTHING is the last
    counted = has_text[shown]
    n = counted.sum(axis=1)
    lists, places = np.nonzero(counted)
    chosen = csr_array((np.ones(len(lists)), (lists, shown[lists, places])), shape=(len(shown), words.shape[0]))
    squares = (chosen @ words).power(2).sum(axis=1)
    pairs = n > 1
    if not pairs.any():
        return None
    distances = 1.0 - (squares[pairs] - n[pairs]) / (n[pairs] * (n[pairs] - 1))
    return rounded(np.clip(distances, 0.0, 1.0).mean())


def novelty(shown: Rows, shares: Numbers) -> float | None:
    """Mean of -log2 of the share of people who have an item, over everything shown (Zhou et al. 2010), in bits."""
    items = shown[shown != NOTHING]
    return rounded(-np.log2(shares[items]).mean()) if len(items) else None


def shares_of(items: Rows, n_items: int, n_users: int) -> Numbers:
    """(N,) share of people with each item, from the items of all events; one is added, so that none has no share."""
    counts = np.bincount(items, minlength=n_items)
    shares: Numbers = np.minimum((counts + 1.0) / (n_users + 1.0), 1.0)
    return shares


def parity(hits_a: Numbers, hits_b: Numbers) -> Row:
    """The difference of two groups' rates of hits, and its interval (independent groups)."""
    difference = float(hits_a.mean() - hits_b.mean())
    spread = sum(float(each.var(ddof=1)) / len(each) if len(each) > 1 else 1.0 for each in (hits_a, hits_b))
    half = Z95 * float(np.sqrt(spread))
    return {
        "rate_a": rounded(hits_a.mean()),
        "rate_b": rounded(hits_b.mean()),
        "statistical_parity_difference": rounded(difference),
        "ci95": (rounded(difference - half), rounded(difference + half)),
    }


def rounded(value: float | np.floating[Any]) -> float:
    """To six digits."""
    return round(float(value), DIGITS)
