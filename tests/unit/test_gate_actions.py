"""What actions weigh and how signals scale them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.actions import BUILT_IN, Action, ActionTable, action_of
from streams.domain.decay import DAY_S
from streams.domain.envelopes import Data, ItemData
from streams.domain.signals import (
    converted,
    dwell_strength,
    quantity_strength,
    rating_strength,
    strength,
    watch_strength,
)
from streams.errors import UsageError
from streams.wiring import ad_platforms_of

TABLE = ActionTable()


def test_more_effort_weighs_more() -> None:
    """View < click < like < purchase, with the strength that one piece and no dwell time give."""
    pulls = [
        TABLE.weight_of(action) * strength(BUILT_IN[action].takes, Data())
        for action in ("product.viewed", "recommendation.clicked", "post.liked", "order.completed")
    ]
    assert pulls == sorted(set(pulls))


@pytest.mark.parametrize(
    "action",
    ["article.disliked", "track.skipped", "ad.dismissed", "recommendation.dismissed", "order.refunded", "post.unliked",
     "account.unfollowed", "booking.cancelled", "cart.removed"],
)  # fmt: skip
def test_what_people_turn_away_from_weighs_negative(action: str) -> None:
    found = TABLE.get(action)
    assert found is not None
    assert found.polarity == -1


@pytest.mark.requirement("A9")
def test_ads_move_only_their_own_facet() -> None:
    assert {name for name in TABLE if BUILT_IN[name].facet == "ads"} == {"ad.impression", "ad.clicked", "ad.dismissed"}
    assert TABLE.weight_of("ad.impression") == 0


def test_a_reversal_weighs_what_it_takes_back() -> None:
    for name in TABLE:
        reversed_name = BUILT_IN[name].reverses
        if reversed_name:
            assert TABLE.weight_of(name) == -TABLE.weight_of(reversed_name)


@pytest.mark.requirement("A9")
def test_ads_move_what_is_kept_for_ads_and_content_moves_any_platform() -> None:
    clicked, viewed = BUILT_IN["ad.clicked"], BUILT_IN["product.viewed"]
    assert [clicked.moves(platform, {"ads", "banners"}) for platform in ("ads", "banners", "video")] == [True, True, False]
    assert viewed.moves("ads", {"ads"})
    assert viewed.moves("shop", {"ads"})


@pytest.mark.requirement("A9")
def test_platforms_without_a_share_are_kept_for_ads() -> None:
    assert ad_platforms_of({"banners": 0.0, "shop": 2.0}) == {"ads", "banners"}
    assert ad_platforms_of({"ads": 0.5}) == {"ads"}


@pytest.mark.requirement("A9")
def test_taking_back_an_ad_has_the_facet_of_the_ad_and_may_be_declared_twice() -> None:
    declared = {"ad.saved": Action(facet="ads"), "ad.unsaved": Action(reverses="ad.saved")}
    more = TABLE.with_actions(declared).with_actions(declared)
    for table in (more, more.with_overrides({"ad.unsaved": -2.0})):
        found = table.get("ad.unsaved")
        assert found is not None
        assert found.facet == "ads"


def test_a_reversal_follows_an_override_unless_it_has_its_own() -> None:
    assert TABLE.with_overrides({"post.liked": 7}).weight_of("post.unliked") == -7
    assert TABLE.with_overrides({"post.liked": 7, "post.unliked": -1}).weight_of("post.unliked") == -1
    assert TABLE.with_overrides({"post.unliked": -1}).with_overrides({"post.liked": 7}).weight_of("post.unliked") == -1


@pytest.mark.parametrize(
    ("weights", "said"),
    [({"product.veiwed": 1}, "product.veiwed"), ({"product.viewed": 1e9}, "product.viewed"), ({"post.liked": float("nan")}, "nan")],
)
def test_a_faulty_override_is_named(weights: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        TABLE.with_overrides(weights)


@pytest.mark.requirement("H3")
def test_a_half_life_of_its_own_holds_for_what_an_action_is_taken_back_by() -> None:
    table = TABLE.with_half_lives({"order.completed": 180, "product.viewed": 7}).with_overrides({"order.completed": 9})
    assert [table.half_life_s_of(action) for action in ("order.completed", "order.refunded", "product.viewed", "post.liked")] == [
        180 * DAY_S, 180 * DAY_S, 7 * DAY_S, None,
    ]  # fmt: skip
    assert table.with_actions({"order.returned": Action(reverses="order.completed")}).half_life_s_of("order.returned") == 180 * DAY_S


@pytest.mark.parametrize(
    ("days", "said"),
    [({"product.veiwed": 1.0}, "no such action"), ({"product.viewed": 0.0}, "0.01 to"), ({"product.viewed": 1e305}, "100,000 of"), ({"product.viewed": float("nan")}, "nan days"),
     ({"post.unliked": 3.0}, "set that of 'post.liked'"),
     ({action: 1.0 + number for number, action in enumerate(name for name in BUILT_IN if not BUILT_IN[name].reverses)}, "at most 8")],
)  # fmt: skip
def test_a_faulty_half_life_is_named_with_what_to_do(days: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        TABLE.with_half_lives(days)


def test_an_action_can_be_declared_once_only() -> None:
    more = TABLE.with_actions({"exercise.done": Action(weight=2), "exercise.undone": Action(reverses="exercise.done")})
    assert more.weight_of("exercise.undone") == -2
    again = more.with_actions({"exercise.done": Action(weight=2), "exercise.undone": Action(reverses="exercise.done")})
    assert list(again) == list(more)
    with pytest.raises(UsageError, match=r"exercise\.done"):
        more.with_actions({"exercise.done": Action(weight=3)})


def test_a_reversal_of_nothing_is_a_fault() -> None:
    with pytest.raises(UsageError, match=r"exercise\.done"):
        TABLE.with_actions({"exercise.undone": Action(reverses="exercise.done")})


def test_an_unknown_action_weighs_nothing() -> None:
    assert TABLE.weight_of("moon.landed") == 0
    assert action_of("shop.product.viewed") == "product.viewed"


@pytest.mark.requirement("A10")
@given(st.floats(0, 1e8), st.floats(0, 1e8) | st.none(), st.booleans() | st.none())
def test_watching_is_scaled_to_0_1(position_s: float, duration_s: float | None, completed: bool | None) -> None:
    assert 0 <= watch_strength(position_s, duration_s, completed) <= 1


@pytest.mark.requirement("A10")
@pytest.mark.parametrize("scale", [dwell_strength, quantity_strength])
@given(low=st.floats(1e-3, 1e6), high=st.floats(1e-3, 1e6))
def test_more_of_a_signal_never_counts_less(scale: object, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert 0 <= scale(low) <= scale(high) <= 1  # type: ignore[operator]


@pytest.mark.requirement("A10")
def test_ratings_are_centred_on_three_stars() -> None:
    assert [rating_strength(stars) for stars in (1, 2, 3, 4, 5)] == [-1, -0.5, 0, 0.5, 1]


def test_a_good_view_lasts_ten_seconds_or_nearly_to_the_end() -> None:
    assert watch_strength(10, 7_200, None) == 0.5
    assert watch_strength(9, 7_200, None) < 0.01
    assert watch_strength(5.8, 6, None) == 1
    assert watch_strength(None, None, True) == 1


def test_the_length_may_stand_on_the_item() -> None:
    data = Data(item=ItemData(item_id="v", duration_s=100.0), position_s=60.0)
    assert strength("watch", data) == pytest.approx(0.6)


@pytest.mark.requirement("A10")
def test_prices_come_in_one_currency_or_not_at_all() -> None:
    rates = {"USD": 1.0, "CNY": 0.14}
    assert converted(100, "cny", rates) == pytest.approx(14)
    assert converted(100, "XXX", rates) is None
    assert converted(100, None, rates) is None
    assert converted(None, "USD", rates) is None
