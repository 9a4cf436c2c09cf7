"""What people do where things are sold: shop, travel, ads, and among Braid's own recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streams.simulation.catalogue import CatalogueItem
from streams.simulation.people import DAY_S
from streams.simulation.visits import Visit

_GOOD_RATINGS: Final = (4, 5, 5)
_BAD_RATINGS: Final = (1, 2)


def shop(visit: Visit) -> None:
    """Search, look, put aside, buy, say how it was; sometimes send it back."""
    if visit.likes and visit.chance(0.35):
        visit.do("product.searched", query=visit.say("query"))
    for _ in range(visit.random.randint(1, 3)):
        item = visit.item()
        visit.do("product.viewed", item, dwell_s=_dwell_s(visit))
        if not visit.likes:
            continue
        if visit.chance(0.15):
            visit.do("wishlist.added", item)
        if visit.chance(0.3):
            _buy(visit, item)


def _buy(visit: Visit, item: CatalogueItem) -> None:
    quantity = visit.random.choice((1, 1, 1, 2))
    added = visit.do("cart.added", item, quantity=quantity)
    if visit.chance(0.25):
        visit.do("cart.removed", item, quantity=quantity, undoes=added)
        return
    value = round((item.item.price or 0.0) * quantity, 2)
    order = visit.do("order.completed", item, quantity=quantity, value=value)
    later_s = visit.random.uniform(0.5, 4) * DAY_S
    if visit.chance(0.12):
        visit.do("order.refunded", item, wait_s=later_s, quantity=quantity, value=value, undoes=order)
        _review(visit, item, later_s, _BAD_RATINGS, visit.say("review_bad"))
    elif visit.chance(0.45):
        _review(visit, item, later_s, _GOOD_RATINGS, visit.say("review_good"))


def travel(visit: Visit) -> None:
    """Look for a place, compare, book; sometimes cancel, sometimes tell."""
    if visit.chance(0.6):
        visit.do("destination.searched", query=visit.say("trip"))
    item = visit.item()
    for _ in range(visit.random.randint(1, 3)):
        item = visit.item()
        visit.do("listing.viewed", item, dwell_s=_dwell_s(visit))
    if not (visit.likes and visit.chance(0.3)):
        return
    booking = visit.do("booking.completed", item, value=item.item.price)
    later_s = visit.random.uniform(0.5, 5) * DAY_S
    if visit.chance(0.2):
        visit.do("booking.cancelled", item, wait_s=later_s, undoes=booking)
    elif visit.chance(0.5):
        mood, ratings = ("good", _GOOD_RATINGS) if visit.chance(0.8) else ("bad", _BAD_RATINGS)
        _review(visit, item, later_s, ratings, visit.say_anything(f"stay_{mood}"))


def ads(visit: Visit) -> None:
    """Banners: mostly overlooked, clicked when they hit an interest, waved away when they annoy."""
    for _ in range(visit.random.randint(1, 3)):
        item = visit.item()
        visit.do("ad.impression", item)
        if visit.likes and visit.chance(0.35):
            visit.do("ad.clicked", item)
        elif not visit.likes and visit.chance(0.4):
            visit.do("ad.dismissed", item)


def recommendations(visit: Visit) -> None:
    """What Braid proposed and what became of it."""
    item = visit.item()
    visit.do("recommendation.shown", item)
    if visit.likes and visit.chance(0.5):
        visit.do("recommendation.clicked", item)
    elif not visit.likes and visit.chance(0.6):
        visit.do("recommendation.dismissed", item)


def _review(visit: Visit, item: CatalogueItem, later_s: float, ratings: Sequence[int], text: str) -> None:
    visit.do("review.posted", item, wait_s=later_s, rating=visit.random.choice(ratings), text=text)


def _dwell_s(visit: Visit) -> float:
    typical_s = 35.0 if visit.likes else 4.0
    return round(typical_s * visit.random.lognormvariate(0.0, 0.5), 1)
