"""recall@k: how much of the true neighbourhood an approximate index finds, judged by its exact twin."""

from __future__ import annotations

from collections.abc import Sequence

from index.neighbours import Neighbour

TIE_TOLERANCE = 1e-6  # float32 noise of an inner product of a few hundred terms


def recall_at_k(found: Sequence[Sequence[Neighbour]], truth: Sequence[Sequence[Neighbour]]) -> float:
    """Mean share of the true neighbours found, over the queries that have any; 1.0 when none has.

    An item that scores as well as the last true neighbour is as right as that one, so ties cost nothing.

    >>> true = [[Neighbour("a", 0.9), Neighbour("b", 0.8)]]
    >>> recall_at_k([[Neighbour("a", 0.9), Neighbour("c", 0.1)]], true)
    0.5
    """
    shares = []
    for got, true in zip(found, truth, strict=True):
        if true:
            worst = true[-1].score - TIE_TOLERANCE
            shares.append(min(1.0, sum(neighbour.score >= worst for neighbour in got) / len(true)))
    return sum(shares) / len(shares) if shares else 1.0
