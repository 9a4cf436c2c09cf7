"""One scale per signal: whatever a platform measures becomes a strength in [-1, 1], prices one currency.

Bars are those of X's unified user actions (`docs/platforms.md` names the source): a good view lasts 10 seconds or 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log1p
from typing import Final, Literal

from streams.domain.envelopes import Data

Takes = Literal["none", "rating", "watch", "dwell", "quantity"]

GOOD_VIEW_S: Final = 10.0
GOOD_VIEW_RATIO: Final = 0.95
GOOD_VIEW_STRENGTH: Final = 0.5
UNKNOWN_WATCH: Final = 0.5
LONG_READ_S: Final = 60.0
ONE_PIECE: Final = 0.5
MANY_PIECES: Final = 10.0


def rating_strength(rating: float) -> float:
    """1..5 stars to -1..1, linear; three stars say nothing.

    >>> [rating_strength(stars) for stars in (1, 3, 5)]
    [-1.0, 0.0, 1.0]
    """
    return (rating - 3.0) / 2.0


def watch_strength(position_s: float | None, duration_s: float | None, completed: bool | None) -> float:
    """How much of a video or track was taken in, 0..1; a good view never counts less than half.

    >>> watch_strength(30, 120, None), watch_strength(3, 120, None), watch_strength(115, 120, None)
    (0.5, 0.025, 1.0)
    """
    if completed:
        return 1.0
    if position_s is None:
        return UNKNOWN_WATCH if completed is None else 0.0
    ratio = min(1.0, position_s / duration_s) if duration_s else 0.0
    if ratio >= GOOD_VIEW_RATIO:
        return 1.0
    return max(ratio, GOOD_VIEW_STRENGTH) if position_s >= GOOD_VIEW_S else ratio


def dwell_strength(dwell_s: float) -> float:
    """Time on a page to 0..1, logarithmic: two seconds count a quarter, a minute in full.

    >>> round(dwell_strength(2), 2), dwell_strength(600)
    (0.27, 1.0)
    """
    return min(1.0, log1p(dwell_s) / log1p(LONG_READ_S))


def quantity_strength(quantity: float) -> float:
    """Pieces to 0..1, logarithmic: one piece counts half, ten in full.

    >>> quantity_strength(1), quantity_strength(10), quantity_strength(1000)
    (0.5, 1.0, 1.0)
    """
    return max(0.0, min(1.0, ONE_PIECE + (1.0 - ONE_PIECE) * log(quantity) / log(MANY_PIECES)))


def strength(takes: Takes, data: Data) -> float:
    """The strength in [-1, 1] of what an event reports; 1 where the action takes none or the platform says none."""
    if takes == "rating":
        return 1.0 if data.rating is None else rating_strength(data.rating)
    if takes == "watch":
        duration_s = data.duration_s or (data.item.duration_s if data.item else None)
        return watch_strength(data.position_s, duration_s, data.completed)
    if takes == "dwell":
        return 1.0 if data.dwell_s is None else dwell_strength(data.dwell_s)
    if takes == "quantity":
        return quantity_strength(1.0 if data.quantity is None else data.quantity)
    return 1.0


def converted(price: float | None, currency: str | None, rates: Mapping[str, float]) -> float | None:
    """A price in the one currency that the rates lead to; None when the price or its currency is unknown.

    >>> converted(10.0, "eur", {"EUR": 1.08})
    10.8
    """
    if price is None or currency is None:
        return None
    rate = rates.get(currency.strip().upper())
    return None if rate is None else price * rate
