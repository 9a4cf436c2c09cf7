"""What a person did, as sentences and labels in order of time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import get_args

import httpx
import msgspec
import pytest
from confluent_kafka import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.cli.tail import record_to_json
from streams.domain.accounts import account_key
from streams.domain.actions import BUILT_IN
from streams.domain.events import Event, Item, event_id
from streams.domain.item_entries import ItemEntry
from streams.domain.profiles import RecentEvent
from streams.domain.sentences import SENTENCES_VERSION, Label, label_of
from streams.service.history import history_of
from tests.support.sample_profiles import a_profile
from tests.support.serving import DAY_S, SECRET, Did, Town, opened, subject_items


class Untitled:
    """A catalogue that knows nothing."""

    def entries_of(self, keys: list[str]) -> list[ItemEntry | None]:
        return [None] * len(keys)


DEEDS = (
    Did("news.article.read", "news:gardening-1", days_ago=1),
    Did("shop.order.completed", "shop:cooking-0", days_ago=3),
    Did("video.video.liked", "video:cooking-1", days_ago=2),
)


@pytest.mark.requirement("D2")
def test_deeds_on_all_platforms_become_one_text_in_the_order_of_their_time(town: Town, api: httpx.Client):
    person = town.live(*DEEDS).profile_id
    titles = [entry.item.title for entry in town.items.entries_of(["shop:cooking-0", "video:cooking-1", "news:gardening-1"]) if entry]
    told = api.get(f"/v1/profiles/{person}/history").json()
    assert told["text"] == "; ".join([f"bought {titles[0]}", f"liked the video {titles[1]}", f"read {titles[2]}"])
    assert [step["sentence"] for step in told["steps"]] == told["text"].split("; ")
    times = [step["time"] for step in told["steps"]]
    assert [later - earlier for earlier, later in pairwise(times)] == [DAY_S, DAY_S]
    chinese = api.get(f"/v1/profiles/{person}/history", params={"language": "zh"}).json()
    assert chinese["text"] == f"购买商品 {titles[0]}；点赞视频 {titles[1]}；阅读文章 {titles[2]}"
    assert (told["version"], told["language"], chinese["language"]) == (SENTENCES_VERSION, "en", "zh")


@pytest.mark.requirement("E7")
def test_each_step_carries_the_class_of_its_deed(town: Town, api: httpx.Client):
    person = town.live(*DEEDS, Did("video.account.followed", "video:cooking-1")).profile_id
    steps = api.get(f"/v1/profiles/{person}/history").json()["steps"]
    assert [step["label"] for step in steps] == ["buy", "like", "read", "follow"]


@pytest.mark.requirement("E7")
def test_every_action_of_the_contract_has_a_class_and_a_reversal_says_that_it_is_one():
    for name, action in BUILT_IN.items():
        if not action.control:
            label = label_of(f"shop.{name}")
            assert label in get_args(Label)
            assert label != "other"
            assert (label == "take_back") == (action.reverses is not None), name


def test_who_asks_for_few_gets_the_latest_and_is_told_how_many_there_are(town: Town, api: httpx.Client):
    person = town.live(*DEEDS).profile_id
    told = api.get(f"/v1/profiles/{person}/history", params={"n": 2}).json()
    assert [step["label"] for step in told["steps"]] == ["like", "read"]
    assert told["n_untold"] == 1


@pytest.mark.requirement("N7")
def test_what_a_person_blocked_is_not_told(town: Town, api: httpx.Client):
    profile = town.live(*DEEDS)
    change = msgspec.structs.replace(profile.change, kind="update")
    blocking = {"revision": profile.revision + 1, "blocked_tags": ["category:cooking"], "change": change}
    town.publish_profile(msgspec.structs.replace(profile, **blocking))
    told = api.get(f"/v1/profiles/{profile.profile_id}/history").json()
    assert [step["label"] for step in told["steps"]] == ["read"]
    assert told["n_untold"] == 2


def test_what_weighs_nothing_is_in_no_profile_and_so_in_no_history(town: Town, api: httpx.Client):
    seen = Did("shop.recommendation.shown", "shop:cooking-1")
    person = town.live(*DEEDS, seen).profile_id
    told = api.get(f"/v1/profiles/{person}/history").json()
    assert [step["label"] for step in told["steps"]] == ["buy", "like", "read"]
    assert told["n_untold"] == 1


@pytest.mark.requirement("D2", "H5")
def test_deeds_that_arrive_in_another_order_are_told_alike(tmp_path: Path):
    told = []
    for number, deeds in enumerate((DEEDS, DEEDS[::-1])):
        for town in opened(tmp_path / str(number)):
            town.publish_items(subject_items())
            profile = town.live(*deeds)
            told.append(history_of(profile, town.items, "en", 10).text)
    assert told[0] == told[1]


def test_an_account_is_asked_as_its_person_is(town: Town, api: httpx.Client):
    own = msgspec.structs.replace(town.live(*DEEDS), profile_id=account_key(SECRET, "shop", "ada"))
    town.publish_profile(own)
    by_account = api.get("/v1/accounts/shop/ada/history", params={"language": "zh"}).json()
    assert by_account == api.get(f"/v1/profiles/{own.profile_id}/history", params={"language": "zh"}).json()
    assert len(by_account["steps"]) == len(DEEDS)


@pytest.mark.parametrize("query", [{"language": "fr"}, {"n": 0}, {"n": 1_001}])
def test_a_question_that_cannot_be_answered_is_refused_in_words(town: Town, api: httpx.Client, query: dict[str, str | int]):
    person = town.live(*DEEDS).profile_id
    answer = api.get(f"/v1/profiles/{person}/history", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert next(iter(query)) in answer.json()["message"]


events = st.builds(
    RecentEvent,
    id=st.uuids().map(lambda name: name.hex),
    type=st.sampled_from([f"shop.{name}" for name in BUILT_IN] + ["gym.exercise.done"]),
    platform=st.just("shop"),
    item=st.sampled_from(["", "shop:tent-1", "shop:a:b"]),
    weight=st.just(1.0),
    time=st.integers(0, 5).map(float),
)


@pytest.mark.requirement("D2", "H5")
@settings(deadline=None)
@given(st.lists(events, max_size=12, unique_by=lambda event: event.id), st.randoms(use_true_random=False), st.integers(1, 15))
def test_the_text_is_the_same_whatever_order_the_events_came_in(some, random, n):
    shuffled = random.sample(some, len(some))
    one, other = (history_of(a_profile(recent=recent), Untitled(), "en", n) for recent in (some, shuffled))
    assert one == other
    assert len(one.steps) == min(n, len(some))
    assert [step.time for step in one.steps] == sorted(step.time for step in one.steps)


def test_an_item_without_a_title_is_called_by_its_id_and_a_deed_about_nothing_by_itself():
    recent = [
        RecentEvent("1", "shop.order.completed", "shop", "shop:a:b", 1.0, 1.0),
        RecentEvent("2", "social.account.followed", "social", "", 1.0, 2.0),
        RecentEvent("3", "gym.exercise.done", "gym", "gym:plan-1", 1.0, 3.0),
    ]
    told = history_of(a_profile(recent=recent), Untitled(), "en", 10)
    assert told.text == "bought a:b; followed; exercise done plan-1"
    assert [step.label for step in told.steps] == ["buy", "follow", "other"]


@pytest.mark.requirement("D1")
def test_the_log_is_readable_by_people_too():
    event = Event(event_id("s", "1"), "a" * 32, "shop", "shop.review.posted", 1.0, 2.0, item=Item("t", title="Tent"), text="Dry.")
    message = Message("user-events", 0, 7, key=b"key", value=msgspec.msgpack.encode(event))
    assert record_to_json("user-events", message, vectors=False)["value"]["in_words"] == "reviewed Tent: Dry."
