"""What is felt about what is named: the phone loved, the courier hated, in one sentence.

A mention is felt about as its clause is. Where the clause says little ("the phone came today.") the next clause that
names nothing speaks for it ("I love it."), or else the one before. What something is measured by ("better than the
Samsung") is felt about the other way round, by half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.domain.readings import FAINT, Mention
from streams.meaning.clauses import Clause, is_compared, may_compare

Vectors = NDArray[np.float32]
#: Texts, and their vectors float32 (N, D) where the model can use them, to sentiment in [-1, 1], float (N,). A zero row
#: is a text without a vector.
Score = Callable[[Sequence[str], Vectors | None], NDArray[np.floating]]

COMPARED: Final = -0.5


def with_feelings(
    text: str, mentions: Sequence[Mention], clauses: Sequence[Clause], scores: Sequence[float]
) -> tuple[Mention, ...]:
    """The mentions with their sentiment; None for what no clause holds. scores: one a clause.

    >>> from streams.meaning.clauses import clauses_of
    >>> phone, courier = Mention("product", 0, 2, "phone", 0.9), Mention("aspect", 5, 7, "courier", 0.9)
    >>> text = "手机很好，快递太慢"
    >>> [m.sentiment for m in with_feelings(text, (phone, courier), clauses_of(text, (phone, courier)), (0.8, -0.6))]
    [0.8, -0.6]
    """
    felt: dict[int, float] = {}
    compares = may_compare(text)
    for place, clause in enumerate(clauses):
        if not clause.mentions:
            continue
        sentiment = _sentiment(place, clauses, scores)
        for number in clause.mentions:
            felt[number] = COMPARED * sentiment if compares and is_compared(text, mentions[number]) else sentiment
    return tuple(
        Mention(each.kind, each.start, each.end, each.name, each.confidence, felt.get(number))
        for number, each in enumerate(mentions)
    )


def _sentiment(place: int, clauses: Sequence[Clause], scores: Sequence[float]) -> float:
    """Of a clause that names something; of its neighbours that name nothing where it says little."""
    if abs(scores[place]) >= FAINT:
        return scores[place]
    for step in (1, -1):
        beside = place + step
        while 0 <= beside < len(clauses) and not clauses[beside].mentions:
            if abs(scores[beside]) >= FAINT:
                return scores[beside]
            beside += step
    return scores[place]
