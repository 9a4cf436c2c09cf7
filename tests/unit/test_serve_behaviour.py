"""Recommendations by what others did: co-behaviour joins content in the list, and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace as replaced

from streams.domain.events import ItemRecord
from streams.domain.profiles import Account, Change, Identity, ProfileRecord, Quality, RecentEvent, Vectors
from streams.ranking.live import LiveRanker, Touch
from streams.ranking.reranker_files import packaged
from streams.serve.behaviour_feed import BehaviourFeed
from streams.service.recommendations import Ask, Recommendations
from tests.support.serving import (
    MODEL,
    NOON_S,
    ON_A_THIRD_PLATFORM,
    Did,
    Town,
    an_item,
    an_item_record,
    opened,
    subject_items,
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    for town in opened(tmp_path, ranker=LiveRanker(packaged())):
        town.publish_items(subject_items())
        yield town


def recommended(town: Town, profile, **ask: object) -> Recommendations:
    return town.recommender.recommend("p", profile, Ask(**ask), NOON_S)


def keys(answer: Recommendations) -> list[str]:
    return [item.key for item in answer.items]


def crowd_takes_to(town: Town, *items: str, n_people: int = 8) -> None:
    for number in range(n_people):
        for item in items:
            town.live(Did("shop.wishlist.added", item, days_ago=1.0, person=f"p{number}"))


@pytest.mark.requirement("K1", "K2")
@pytest.mark.parametrize(("deeds", "platform", "subject"), ON_A_THIRD_PLATFORM)
def test_interests_from_two_platforms_still_lead_on_a_third(town: Town, deeds, platform, subject) -> None:
    crowd_takes_to(town, "shop:football-1", "video:cooking-0", "news:football-0")
    listed = keys(recommended(town, town.live(*deeds), platform=platform, k=3))
    assert listed[0].startswith(f"{platform}:{subject}")


@pytest.mark.requirement("K4")
def test_what_people_with_the_same_taste_took_to_comes_though_its_words_have_nothing_in_common(town: Town) -> None:
    odd = an_item_record("shop", an_item("odd", "zyxw vuts rqpo", "misc"))
    town.publish_items([odd])
    content_alone = keys(recommended(town, town.live(Did("shop.wishlist.added", "shop:cooking-0")), platform="shop", k=3))
    assert "shop:odd" not in content_alone
    crowd_takes_to(town, "shop:cooking-0", "shop:odd")
    answer = recommended(town, town.live(Did("shop.wishlist.added", "shop:cooking-1")), platform="shop", k=5, explain=True)
    (item,) = [item for item in answer.items if item.key == "shop:odd"]
    assert item.reason is not None
    assert item.reason.signals["people who took to the same things took to it"] > 0.0


def _many_pans() -> list[ItemRecord]:
    return [an_item_record("shop", an_item(f"new-{n}", f"kitchen pan {n} bread", "cooking")) for n in range(150)]


@pytest.mark.requirement("K3", "K4")
@pytest.mark.parametrize(("disliked", "last"), [("zyxw vuts rqpo", "shop:odd"), ("abcd efgh ijkl", "shop:even")])
def test_what_is_like_something_disliked_sinks_also_where_behaviour_alone_proposed_it(
    town: Town, disliked: str, last: str
) -> None:
    town.publish_items([
        an_item_record("shop", an_item("odd", "zyxw vuts rqpo", "misc")),
        an_item_record("shop", an_item("even", "abcd efgh ijkl", "misc")),
        an_item_record("news", an_item("bad", disliked, "misc")),
        *_many_pans(),  # nearer than the two, so that content does not find them
    ])  # fmt: skip
    crowd_takes_to(town, "shop:cooking-0", "shop:odd", "shop:even")
    ada = town.live(Did("shop.wishlist.added", "shop:cooking-1"), Did("news.article.disliked", "news:bad"))
    listed = keys(recommended(town, ada, platform="shop", k=20, diversity=0.0))
    assert [key for key in listed if key in {"shop:odd", "shop:even"}][-1] == last


@pytest.mark.requirement("K7")
def test_items_stand_in_the_same_order_however_many_are_asked_for_and_of_whatever_category(town: Town) -> None:
    town.publish_items(_many_pans())
    crowd_takes_to(town, "shop:cooking-0", "shop:football-1", "shop:new-7", "shop:new-30")
    ada = town.live(Did("shop.wishlist.added", "shop:cooking-1"), Did("video.video.liked", "video:football-0"))
    longest = keys(recommended(town, ada, platform="shop", k=40, diversity=0.0))
    for ask in ({"k": 5}, {"k": 20}, {"k": 10, "category": "cooking"}, {"k": 10, "category": "football"}):
        listed = keys(recommended(town, ada, platform="shop", diversity=0.0, **ask))
        shared = [key for key in listed if key in longest]
        assert len(shared) > 1
        assert shared == [key for key in longest if key in listed]


@pytest.mark.requirement("K2", "K4")
@pytest.mark.parametrize(("of_cooks", "of_others"), [("video:odd", "video:even"), ("video:even", "video:odd")])
def test_what_people_took_to_on_one_platform_leads_on_another(town: Town, of_cooks: str, of_others: str) -> None:
    town.publish_items([
        an_item_record("video", an_item("odd", "zyxw vuts rqpo", "misc")),
        an_item_record("video", an_item("even", "abcd efgh ijkl", "misc")),
    ])  # fmt: skip
    for number in range(8):
        for person, bought, watched in (("cook", "shop:cooking-0", of_cooks), ("other", "shop:football-0", of_others)):
            town.live(
                Did("shop.wishlist.added", bought, 2.0, person=f"{person}-{number}"),
                Did("video.video.liked", watched, 1.0, person=f"{person}-{number}"),
            )
    listed = keys(recommended(town, town.live(Did("shop.wishlist.added", "shop:cooking-0")), platform="video", k=20))
    assert listed.index(of_cooks) < listed.index(of_others)


@pytest.mark.requirement("B3", "N8")
def test_a_merge_tells_nothing_twice_and_an_erasure_forgets() -> None:
    told = Told()
    feed = BehaviourFeed(told)
    feed.fill([], [])
    before = a_profile("one", "update", {"shop": "acc-1"}, ["e1"])
    feed.profiles_changed([(None, before)])
    gone = replaced(before, change=Change("merge", []), identity=Identity([], "two"), recent=[])
    merged = a_profile("two", "merge", {"shop": "acc-1", "news": "acc-2"}, ["e1"])
    feed.profiles_changed([(before, gone), (gone, None), (None, merged)])
    assert [touch.account for touch in told.touches] == ["acc-1"]
    assert told.people == [["acc-1", "acc-2"]]
    assert told.forgotten == []
    feed.profiles_changed([(merged, replaced(merged, change=Change("erase", []), identity=Identity([]), recent=[]))])
    assert told.forgotten == ["acc-1", "acc-2"]


@pytest.mark.requirement("K1")
def test_seen_items_and_other_categories_stay_out(town: Town) -> None:
    crowd_takes_to(town, "shop:cooking-0", "shop:cooking-1", "shop:football-0")
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    listed = keys(recommended(town, profile, platform="shop", k=20))
    assert "shop:cooking-0" not in listed
    category = next(item for item in town.items.entries_of(["shop:football-0"]) if item).item.category
    filtered = keys(recommended(town, profile, platform="shop", category=category, k=20))
    assert filtered
    assert all(town.items.entries_of([key])[0].item.category == category for key in filtered)


def test_what_changes_before_the_ranker_is_filled_is_left_to_the_filling() -> None:
    told = Told()
    feed = BehaviourFeed(told)
    early = a_profile("one", "update", {"shop": "acc-1"}, ["e1"])
    feed.profiles_changed([(None, early)])
    assert told.touches == []

    def everybody() -> Iterator[ProfileRecord]:
        yield early
        feed.profiles_changed([(None, a_profile("two", "update", {"shop": "acc-2"}, ["e2"]))])  # meanwhile
        assert [touch.account for touch in told.touches] == []

    feed.fill([], everybody())
    assert [touch.account for touch in told.touches] == ["acc-1", "acc-2"]


def test_a_restart_fills_the_ranker_from_what_was_kept(tmp_path: Path) -> None:
    town = Town(tmp_path, ranker=LiveRanker(packaged()))
    town.publish_items(subject_items())
    crowd_takes_to(town, "shop:cooking-0", "shop:cooking-2")
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    before = keys(recommended(town, profile, platform="shop", k=5))
    town.close()
    for again in opened(tmp_path, ranker=LiveRanker(packaged())):
        assert keys(recommended(again, profile, platform="shop", k=5)) == before


class Told:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.touches: list[Touch] = []
        self.forgotten: list[str] = []
        self.people: list[Sequence[str]] = []

    def put_items(self, titles: Mapping[str, str]) -> None: ...

    def remove_items(self, keys: Sequence[str]) -> None: ...

    def observe(self, touches: Sequence[Touch]) -> None:
        self.touches += touches

    def link(self, people: Iterable[Sequence[str]]) -> None:
        self.people += people

    def forget(self, accounts: Sequence[str]) -> None:
        self.forgotten += accounts

    def clear(self) -> None: ...


def a_profile(profile_id: str, kind: str, accounts: Mapping[str, str], events: Sequence[str]) -> ProfileRecord:
    return ProfileRecord(
        schema_version=1,
        profile_id=profile_id,
        revision=1,
        updated_at=NOON_S,
        as_of=NOON_S,
        events_applied=len(events),
        model=MODEL,
        change=Change(kind, []),
        identity=Identity([Account(platform, key, NOON_S, NOON_S) for platform, key in accounts.items()]),
        platforms={},
        vectors=Vectors(b"", b"", []),
        tags=[],
        recent=[RecentEvent(event, "shop.wishlist.added", "shop", "shop:1", 2.0, NOON_S) for event in events],
        quality=Quality(cold_start=False, confidence=1.0, late_events=0, degraded=False),
    )
