"""What people's own words do to the weight of an event: praise and blame become a strength in [-1, 1].

A score s in [-1, 1] says how a text feels (`streams/meaning/sentiment.py`); 0 says nothing. From the strength t that
the event had without it, the words lead towards a bound on their side, in proportion:

    s >= 0:  t + s * (above - t)        s < 0:  t - s * (below - t)

A review without stars may go anywhere: above = 1, below = -1. A review with stars is decided by them: the words move
it by at most half a star, never across zero. Who comments, posts or sends danmu is interested already: praise adds
nothing, blame takes away most of it, and only clear blame turns it round.
"""

from __future__ import annotations

from typing import Final

from streams.domain.actions import Action
from streams.domain.events import Event
from streams.domain.signals import Takes

#: At most this much does a text add to its stars, or take from them: half a star on the scale of `rating_strength`.
TEXT_BESIDE_STARS: Final = 0.25
#: Below this score a text is clearly negative: the model gives it one chance in eight of being positive.
CLEARLY_NEGATIVE: Final = -0.75
#: What is left of a comment's strength where clear blame begins.
LEFT_OF_BLAMED: Final = 0.25


def strength_of(event: Event, action: Action | None, score: float) -> float:
    """The strength in [-1, 1] of an event whose own words feel like `score`; what people search for is no opinion."""
    if action is None or action.words != "text":
        return event.strength
    return signed_strength(action.takes, event.strength, score, is_rated=event.is_rated)


def signed_strength(takes: Takes, strength: float, score: float, *, is_rated: bool) -> float:
    """The strength in [-1, 1] of an event with own words, once their sentiment is known.

    takes: the action's signal. strength: [-1, 1], without the words. score: [-1, 1]; 0, or what is no such number,
    changes nothing. is_rated: whether the person gave stars beside the words. Never falls as the score rises.

    >>> signed_strength("rating", 1.0, -1.0, is_rated=False)  # blames, no stars
    -1.0
    >>> signed_strength("rating", 1.0, -1.0, is_rated=True)  # five stars, sour words
    0.75
    >>> [signed_strength("none", 1.0, score, is_rated=False) for score in (0.9, 0.0, -0.75, -1.0)]  # a comment
    [1.0, 1.0, 0.25, -1.0]
    """
    if not -1.0 <= score <= 1.0:  # not a number neither
        return strength
    if takes == "rating":
        return _between(score, strength, *_bounds(strength, is_rated=is_rated))
    if takes == "none":
        return _of_speech(strength, score)
    return strength


def _bounds(strength: float, *, is_rated: bool) -> tuple[float, float]:
    """The furthest that words may lead a review: below, above."""
    if not is_rated:
        return -1.0, 1.0
    below, above = max(-1.0, strength - TEXT_BESIDE_STARS), min(1.0, strength + TEXT_BESIDE_STARS)
    return (max(0.0, below) if strength > 0 else below), (min(0.0, above) if strength < 0 else above)


def _of_speech(strength: float, score: float) -> float:
    if score >= 0 or strength <= 0:
        return strength
    if score >= CLEARLY_NEGATIVE:
        return strength * (1.0 - (1.0 - LEFT_OF_BLAMED) * score / CLEARLY_NEGATIVE)
    beyond = (score - CLEARLY_NEGATIVE) / (-1.0 - CLEARLY_NEGATIVE)
    return strength * (LEFT_OF_BLAMED - (1.0 + LEFT_OF_BLAMED) * beyond)


def _between(score: float, strength: float, below: float, above: float) -> float:
    if score >= 0:
        return strength + score * (above - strength)
    return strength - score * (below - strength)
