"""What an event weighs where behaviour is learnt from: a review counts 1, and nothing counts more."""

from __future__ import annotations

from typing import Final

from streams.domain.actions import BUILT_IN

#: The action that a touch of weight 1 stands for: the packaged ranker learnt from reviews.
REVIEW: Final = "review.posted"
#: What it weighs in a profile.
WHOLE: Final = BUILT_IN[REVIEW].weight


def touch_weight(weight: float) -> float:
    """The weight, at most 1, of an event that weighs this much in a profile; below 0 for what people turned away from.

    >>> [touch_weight(weight) for weight in (2.0, 4.0, 8.0, -2.0)]
    [0.5, 1.0, 1.0, -0.5]
    """
    return min(1.0, weight / WHOLE)
