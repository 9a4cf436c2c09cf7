"""E6: what somebody is about right now, and that it is the same whatever the order in which it is learnt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.events import event_id
from streams.domain.intents import MAX_EVIDENCE, Intent, IntentRules, intent_of
from streams.domain.states import Recent

pytestmark = pytest.mark.requirement("E6")

NOON_S = 1_750_000_000.0
MINUTE_S = 60.0
RULES = IntentRules()
WEIGHTS = {"cart.removed": -5.0, "article.disliked": -3.0}


def did(what: str, item: str = "", minutes_ago: float = 0.0, tags: tuple[str, ...] = ("category:shoes",)) -> Recent:
    identifier = event_id(what, f"{item}-{minutes_ago}")
    weight = WEIGHTS.get(what.partition(".")[2], 1.0)
    return Recent(NOON_S - minutes_ago * MINUTE_S, identifier, what, item, weight, tags if item else ())


def known(*recents: Recent) -> Intent:
    intent = intent_of(RULES, recents)
    assert intent is not None
    return intent


def test_nothing_recent_is_no_intent():
    assert intent_of(RULES, []) is None


def test_reading_watching_and_a_look_at_a_product_is_browsing():
    intent = known(
        did("news.article.read", "news:1", 4), did("video.video.played", "video:1", 2), did("shop.product.viewed", "shop:1")
    )
    assert (intent.kind, intent.confidence) == ("browse", 0.75)
    assert len(intent.evidence) == 3


def test_three_products_of_one_kind_are_compared():
    intent = known(*(did("shop.product.viewed", f"shop:{n}", n) for n in range(3)))
    assert (intent.kind, intent.confidence) == ("compare", 0.5)


def test_three_products_of_three_kinds_are_browsed():
    views = [did("shop.product.viewed", f"shop:{n}", n, (f"category:c{n}",)) for n in range(3)]
    assert known(*views).kind == "browse"


def test_coming_back_to_a_product_and_searching_compares():
    intent = known(
        did("shop.product.searched", minutes_ago=9),
        did("shop.product.viewed", "shop:1", 6),
        did("shop.product.viewed", "shop:2", 4),
        did("shop.product.viewed", "shop:1", 2),
    )
    assert intent.kind == "compare"


def test_three_videos_of_one_kind_are_no_comparison():
    assert known(*(did("video.video.played", f"video:{n}", n) for n in range(3))).kind == "browse"


def test_something_in_the_cart_is_a_purchase_ahead_whatever_was_compared_before():
    views = [did("shop.product.viewed", f"shop:{n}", 10 + n) for n in range(4)]
    cart = did("shop.cart.added", "shop:2", 1)
    intent = known(*views, cart)
    assert (intent.kind, intent.evidence) == ("buy", [cart.event_id.hex()])


def test_what_was_taken_out_of_the_cart_again_is_no_purchase_ahead():
    intent = known(did("shop.cart.added", "shop:2", 2), did("shop.cart.removed", "shop:2", 1))
    assert intent.kind != "buy"


def test_taking_out_one_thing_leaves_the_other_in_the_cart():
    cart = (did("shop.cart.added", "shop:1", 3), did("shop.cart.added", "shop:2", 2), did("shop.cart.removed", "shop:2", 1))
    assert known(*cart).kind == "buy"


def test_more_evidence_is_more_confidence():
    one = known(did("shop.cart.added", "shop:1"))
    two = known(did("shop.cart.added", "shop:1", 1), did("shop.cart.added", "shop:2"))
    assert (one.confidence, two.confidence) == (0.5, pytest.approx(2 / 3, abs=1e-6))


def test_only_dislikes_say_nothing():
    assert known(did("news.article.disliked", "news:1")) == Intent("none", 0.0, NOON_S, NOON_S, [])


def test_half_an_hour_without_an_event_ends_a_session():
    cart, look = did("shop.cart.added", "shop:1", 35), did("shop.product.viewed", "shop:2", 5)
    assert known(cart, look).kind == "browse"
    between = did("news.article.read", "news:1", 20)
    intent = known(cart, between, look)
    assert (intent.kind, intent.started_at, intent.ended_at) == ("buy", cart.at_s, look.at_s)


def test_bounds_are_configuration():
    hesitant = IntentRules(buy=3.0)
    assert intent_of(hesitant, [did("shop.cart.added", "shop:1")]).kind == "browse"  # type: ignore[union-attr]


ACTIONS = ("shop.product.viewed", "shop.product.searched", "shop.cart.added", "shop.cart.removed", "news.article.read")
deeds = st.builds(
    did,
    st.sampled_from(ACTIONS),
    st.sampled_from(["", "shop:1", "shop:2", "shop:3", "shop:4"]),
    st.integers(0, 200),
    st.sampled_from([("category:shoes",), ("category:hats", "brand:x"), ()]),
)


@given(st.lists(deeds, max_size=30, unique_by=lambda deed: deed.event_id), st.randoms(use_true_random=False))
def test_any_order_of_the_same_events_gives_the_same_intent(recents, random):
    assert intent_of(RULES, random.sample(recents, len(recents))) == intent_of(RULES, recents)


@given(st.lists(deeds, min_size=1, max_size=30, unique_by=lambda deed: deed.event_id))
def test_an_intent_is_of_known_kind_bounded_and_made_by_events_of_its_session(recents):
    intent = known(*recents)
    times = {recent.event_id.hex(): recent.at_s for recent in recents}
    assert intent.kind in {"none", "browse", "compare", "buy"}
    assert 0.0 <= intent.confidence < 1.0
    assert len(intent.evidence) <= MAX_EVIDENCE
    assert all(intent.started_at <= times[named] <= intent.ended_at == max(times.values()) for named in intent.evidence)
