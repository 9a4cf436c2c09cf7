from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.service.explain import NOTE
from streams.service.recommendations import Ask
from tests.support.serving import (
    NOON_S,
    ON_A_THIRD_PLATFORM,
    Did,
    Town,
    an_item,
    an_item_record,
    subject_items,
)


def recommended(town: Town, profile, **ask: object) -> list[str]:
    answer = town.recommender.recommend("p", profile, Ask(**ask), NOON_S)
    return [item.key for item in answer.items]


@pytest.mark.requirement("K1")
def test_what_is_recommended_is_about_the_persons_interest_and_unseen(town: Town) -> None:
    profile = town.live(Did("shop.product.viewed", "shop:cooking-0"), Did("shop.cart.added", "shop:cooking-1"))
    keys = recommended(town, profile, platform="shop", k=3)
    assert keys[0] == "shop:cooking-2"
    assert not {"shop:cooking-0", "shop:cooking-1"} & set(keys)


@pytest.mark.requirement("K2")
@pytest.mark.parametrize(("deeds", "platform", "subject"), ON_A_THIRD_PLATFORM)
def test_interests_from_two_platforms_bring_related_items_on_a_third(town: Town, deeds, platform, subject) -> None:
    keys = recommended(town, town.live(*deeds), platform=platform, k=3)
    assert {key.rpartition("-")[0] for key in keys} == {f"{platform}:{subject}"}


@pytest.mark.requirement("H6", "K5")
def test_several_interests_all_show_in_a_diverse_list(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"), Did("shop.wishlist.added", "shop:football-0"))
    subjects = {key.partition(":")[2].rpartition("-")[0] for key in recommended(town, profile, platform="news", k=2, diversity=0.5)}
    assert subjects == {"cooking", "football"}


def test_a_category_filter_holds(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    keys = recommended(town, profile, category="gardening", k=20)
    assert keys
    assert {key.partition(":")[2].rpartition("-")[0] for key in keys} == {"gardening"}


def test_what_is_like_something_disliked_comes_last(town: Town) -> None:
    profile = town.live(
        Did("news.article.shared", "news:cooking-0"),
        Did("news.article.shared", "news:football-0"),
        Did("news.article.disliked", "news:football-1"),
        Did("news.article.disliked", "news:football-2"),
    )
    keys = recommended(town, profile, platform="shop", k=9, diversity=0.0)
    cooking = [keys.index(f"shop:cooking-{n}") for n in range(3)]
    football = [keys.index(f"shop:football-{n}") for n in range(3)]
    assert max(cooking) < min(football)


@pytest.mark.requirement("K7")
@given(diversity=st.sampled_from([0.0, 0.2, 0.7]), k=st.integers(1, 27))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shared_items_stand_in_the_same_order_in_every_list(town: Town, diversity: float, k: int) -> None:
    town._states.clear()
    profile = town.profile_after(Did("video.video.liked", "video:gardening-0"))
    everywhere = recommended(town, profile, k=k, diversity=diversity)
    shop = recommended(town, profile, platform="shop", k=9, diversity=0.0)
    shared = set(everywhere) & set(shop)
    assert [key for key in everywhere if key in shared] == [key for key in shop if key in shared]


ITEMS = [f"{p}:{s}-{n}" for p in ("shop", "video", "news") for s in ("cooking", "football", "gardening") for n in range(3)]
DEEDS = st.lists(
    st.tuples(st.sampled_from(ITEMS), st.sampled_from([1.0, 0.3, -1.0]), st.floats(0, 40)), min_size=1, max_size=12
)


@pytest.mark.requirement("K1")
@given(DEEDS, st.integers(1, 30), st.floats(0, 1), st.sampled_from([None, "shop", "news"]))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_recommendations_are_sorted_unseen_without_repeats_and_repeatable(town, deeds, k, diversity, platform) -> None:
    town._states.clear()
    for key, strength, days_ago in deeds:
        action = {"shop": "wishlist.added", "video": "video.liked", "news": "article.shared"}[key.partition(":")[0]]
        deed = Did(f"{key.partition(':')[0]}.{action}", key, days_ago, strength)
        profile = town.profile_after(deed)
    ask = Ask(platform=platform, k=k, diversity=diversity, explain=True)
    answer = town.recommender.recommend("p", profile, ask, NOON_S)
    keys, scores = [item.key for item in answer.items], [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)
    assert len(keys) == len(set(keys)) <= k
    assert not set(keys) & {key for key, _, _ in deeds}
    assert all(item.platform == platform for item in answer.items if platform)
    # Another time of asking changes nothing: only a new revision, index or popularity does.
    again = town.recommender.recommend("p", profile, ask, NOON_S + 1e6)
    assert answer.cold_start or again == answer


@pytest.mark.requirement("K3")
def test_of_two_equal_items_the_popular_one_comes_first(town: Town) -> None:
    town.publish_items([an_item_record("shop", an_item(name, "tomato seeds garden")) for name in ("a-quiet", "b-loved")])
    for person in ("bob", "cy", "dee"):
        town.live(Did("shop.order.completed", "shop:b-loved", person=person))
    profile = town.live(Did("shop.wishlist.added", "shop:gardening-0"))
    keys = recommended(town, profile, platform="shop", k=5, diversity=0.0)
    assert keys.index("shop:b-loved") < keys.index("shop:a-quiet")


@pytest.mark.requirement("K6")
def test_an_item_is_recommended_as_soon_as_it_is_published(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:gardening-0"))
    town.publish_items([an_item_record("shop", an_item("brand-new", "garden seeds tomato plants shop", "gardening"), NOON_S)])
    assert recommended(town, profile, platform="shop", k=1) == ["shop:brand-new"]


def test_a_deleted_item_is_recommended_no_more(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    town.delete_item("shop:cooking-2")
    assert "shop:cooking-2" not in recommended(town, profile, k=30)


@pytest.mark.requirement("H9")
def test_a_stranger_gets_what_is_popular_now_on_the_platform(town: Town) -> None:
    for person in ("bob", "cy"):
        town.live(Did("shop.wishlist.added", "shop:football-1", person=person))
    town.live(Did("shop.wishlist.added", "shop:cooking-1", person="bob"), Did("video.video.liked", "video:cooking-1", person="bob"))
    answer = town.recommender.recommend("p", None, Ask(platform="shop", k=2), NOON_S)
    assert answer.cold_start
    assert answer.basis.startswith("what is popular now on shop: nothing is known")
    assert [item.key for item in answer.items] == ["shop:football-1", "shop:cooking-1"]


def test_where_nobody_did_anything_the_newest_items_are_shown(town: Town) -> None:
    town.publish_items([an_item_record("shop", an_item("fresh", "umbrella"), NOON_S)])
    answer = town.recommender.recommend("p", None, Ask(platform="shop", k=1), NOON_S)
    assert [item.key for item in answer.items] == ["shop:fresh"]
    assert answer.basis.startswith("the newest items on shop")


@pytest.mark.requirement("D11")
def test_vectors_of_another_model_are_not_compared(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:tomato-book"))
    foreign = msgspec.structs.replace(profile, model=msgspec.structs.replace(profile.model, version="other"))
    assert not town.recommender.recommend("p", profile, Ask(), NOON_S).cold_start
    assert town.recommender.recommend("p", foreign, Ask(), NOON_S).cold_start


@pytest.mark.requirement("A9")
def test_clicked_ads_make_no_interest(town: Town) -> None:
    town.publish_items(subject_items(["ads"]))
    profile = town.live(Did("ads.ad.clicked", "ads:football-0"), Did("shop.wishlist.added", "shop:cooking-0"))
    assert [interest.label for interest in town.explainer.explain(profile).interests] == ["cooking"]


@pytest.mark.requirement("H10")
def test_a_reason_names_the_interest_the_nearest_own_events_and_common_tags(town: Town) -> None:
    profile = town.live(Did("shop.product.viewed", "shop:cooking-0"), Did("video.video.liked", "video:football-0"))
    answer = town.recommender.recommend("p", profile, Ask(platform="shop", k=1, explain=True), NOON_S)
    reason = answer.items[0].reason
    assert reason is not None
    subject = answer.items[0].category
    assert reason.interest == subject
    nearest = reason.events[0]
    assert subject in nearest.title
    assert nearest.event_id in {event.id for event in profile.recent}
    assert [event.similarity for event in reason.events] == sorted((e.similarity for e in reason.events), reverse=True)
    assert subject in reason.tags


@pytest.mark.requirement("H10", "N16")
def test_an_explanation_shows_which_events_made_an_interest_and_says_that_this_is_no_cause(town: Town) -> None:
    profile = town.live(
        Did("shop.wishlist.added", "shop:cooking-0"),
        Did("shop.wishlist.added", "shop:cooking-1"),
        Did("news.article.disliked", "news:football-0"),
    )
    said = town.explainer.explain(profile)
    (interest,) = said.interests
    assert {event.event_id for event in interest.events} <= {event.id for event in profile.recent}
    assert {event.title for event in interest.events} == {
        "cast iron frying pan kitchen cooking shop", "cooking recipes pan kitchen dinner shop"
    }  # fmt: skip
    assert said.summary == (
        "This profile rests on 3 events from shop and news. The strongest interests are cooking. "
        "The person turned away from football."
    )
    assert said.note == NOTE
    assert "not cause" in NOTE
    assert sum(platform.share for platform in said.platforms) == pytest.approx(1.0)
