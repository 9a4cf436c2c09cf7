"""How candidates are scored and chosen. Pure numpy; shapes: Q queries, N candidates, D dimensions.

    score = interest·I + freshness·F + popularity·P + price·B − dislike·X, each part in [0, 1]

The interest decides; the other parts order what is about equally close. Nothing here reads a clock: ages are counted
from the profile's latest event, so a profile that does not change is ranked the same tomorrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S

Vectors = NDArray[np.float32]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreWeights:
    """The parts of a score; the first four sum to 1. Halves: where a part reaches one half."""

    interest: float = 0.86
    freshness: float = 0.05
    popularity: float = 0.06
    price: float = 0.03
    dislike: float = 0.30
    freshness_half_life_s: float = 7 * DAY_S
    half_popular: float = 10.0
    background: float = 0.0


@dataclass(frozen=True)
class Facts:
    """What is known of the candidates beside their vectors, each (N,). price_gaps: |ln(price / usual)|, or nan."""

    ages_s: Scores
    popularity: Scores
    price_gaps: Scores


def cosines_of(queries: Vectors, vectors: Vectors) -> Vectors:
    """Inner products float32 (Q, N) of rows (Q, D) and (N, D).

    Added up in float64: BLAS adds in another order at the edges of its blocks, which then shows in no digit that is
    kept, so equal vectors get equal products wherever they stand.
    """
    products: Vectors = (queries.astype(np.float64) @ vectors.astype(np.float64).T).astype(np.float32)
    return products


def closeness(cosines: NDArray[np.floating], background: float) -> Scores:
    """Cosines of any shape to [0, 1]: 0 for what unrelated texts have, 1 for the same direction.

    >>> closeness(np.array([0.1, 0.55, 1.0]), 0.1).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    scaled: Scores = np.clip((cosines.astype(np.float64) - background) / max(1.0 - background, 1e-6), 0.0, 1.0)
    return scaled


def interest_scores(close: Scores, strengths: Scores) -> tuple[Scores, NDArray[np.intp]]:
    """(best strength·closeness (N,), the query that gave it (N,)). close: (Q, N), strengths: (Q,) in (0, 1]."""
    weighted = close * strengths[:, None]
    return weighted.max(axis=0), weighted.argmax(axis=0)


def total_scores(interest: Scores, dislike: Scores, facts: Facts, weights: ScoreWeights) -> Scores:
    """The scores (N,), rounded to six digits so that sums of the same parts tie everywhere.

    interest, dislike: (N,) in [0, 1].
    """
    freshness = np.exp2(-np.maximum(facts.ages_s, 0.0) / weights.freshness_half_life_s)
    popularity = facts.popularity / (facts.popularity + weights.half_popular)
    # A price that nobody knows is neither near nor far.
    price = np.where(np.isnan(facts.price_gaps), 0.5, np.exp(-np.nan_to_num(facts.price_gaps)))
    total = (
        weights.interest * interest
        + weights.freshness * freshness
        + weights.popularity * popularity
        + weights.price * price
        - weights.dislike * dislike
    )
    rounded: Scores = np.round(total, 6)
    return rounded


def within_range(scores: Scores) -> Scores:
    """Scores (N,) of any size as parts of their range: 1 for the greatest, 0 for the least, 1 where all are equal.

    >>> within_range(np.array([3.0, 2.0, -1.0])).tolist()
    [1.0, 0.75, 0.0]
    """
    least = scores.min(initial=np.inf)
    span = scores.max(initial=-np.inf) - least
    spread: Scores = (scores - least) / span if span > 0.0 else np.ones(len(scores))
    return spread


def diverse_choice(scores: Scores, vectors: Vectors, k: int, diversity: float, background: float) -> list[int]:
    """Positions of the k candidates to show, in the order of `scores`, which must be falling.

    Maximal marginal relevance (Carbonell and Goldstein 1998): the next one chosen has the greatest
    (1 - diversity)·score - diversity·closeness to what was chosen. diversity 0 takes the best k. What is chosen is
    shown by score, so that two items stand in the same order in every list that holds both.

    >>> axes = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    >>> diverse_choice(np.array([0.9, 0.8, 0.5]), axes, 2, 0.0, 0.0)
    [0, 1]
    >>> diverse_choice(np.array([0.9, 0.8, 0.5]), axes, 2, 0.5, 0.0)
    [0, 2]
    """
    n = len(scores)
    if diversity <= 0.0 or n <= k:
        return list(range(min(k, n)))
    close = closeness(cosines_of(vectors, vectors), background)
    nearest = np.zeros(n)
    gain = (1.0 - diversity) * scores
    chosen: list[int] = []
    for _ in range(k):
        at = int((gain - diversity * nearest).argmax()) if chosen else 0
        chosen.append(at)
        gain[at] = -np.inf
        nearest = np.maximum(nearest, close[at])
    return sorted(chosen)
