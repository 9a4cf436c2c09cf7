"""The pages of those who send events, on a running Braid: where is my event, a dry run, how a platform is doing."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.brokers.connection import consumer_config
from streams.serve.api_keys import hash_of
from streams.settings import Kafka
from tests.browser.page import Browser
from tests.browser.stage import Stage
from tests.support.cloud_events import NOON_S, a_cloud_event
from tests.support.platform_desks import a_console
from tests.support.serving import Town
from tests.support.topic_readings import MemoryTopics, SteppingClock

ALL_KEY, MUSIC_KEY = "a-key-for-every-platform-00", "a-key-for-music-alone-0000"
PAGES = ("/platforms", "/platforms/travel", "/platforms/travel/check", "/events?platform=travel&id=bad-1")


@pytest.fixture(scope="module")
def travel(stage: Stage) -> Stage:
    """A platform whose ratings are wrong in three of a hundred events; other tests send it nothing."""
    for number in range(100):
        data: dict[str, Any] = {"item": {"item_id": "cooking-1"}}
        changes: dict[str, Any] = {"id": f"good-{number}"}
        if number % 33 == 1:
            data["rating"], changes["id"] = "five", f"bad-{number}"
        elif number in {50, 51}:
            changes["subject"] = None
        event = stage.event("travel", "listing.viewed", **({"subject": "tess", "data": data} | changes))
        stage.send("events.travel", "tess", json.dumps(event).encode())
    return stage


@pytest.fixture
def phone() -> Iterator[Browser]:
    browser = Browser(390, 800)
    yield browser
    browser.quit()


def ends(stage: Stage) -> dict[tuple[str, int], int]:
    """End of every partition of every topic."""
    consumer = Consumer(consumer_config(Kafka(bootstrap_servers=stage.bootstrap), "test-ends"))
    try:
        return {
            (name, partition): consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=10)[1]
            for name, topic in consumer.list_topics(timeout=10).topics.items()
            for partition in topic.partitions
        }
    finally:
        consumer.close()


def at_rest(stage: Stage) -> dict[tuple[str, int], int]:
    """The ends once what was sent before has gone through all stages."""
    seen: list[dict[tuple[str, int], int]] = []

    def rests() -> bool:
        seen.append(ends(stage))
        return len(seen) > 10 and all(each == seen[-1] for each in seen[-10:])

    stage.eventually(rests, 60.0)
    return seen[-1]


def fate_of(stage: Stage, identifier: str, platform: str = "music") -> dict[str, Any]:
    """Of the last record with this id, once it is there."""

    def look() -> list[dict[str, Any]]:
        return list(stage.get(f"/events?platform={platform}&id={identifier}")["found"]["traced"])

    return dict(stage.eventually(look)[-1])


@pytest.mark.requirement("A7", "A8")
def test_each_fate_of_an_event_is_found_by_its_id(stage: Stage, browser: Browser) -> None:
    item = {"item": {"item_id": "cooking-2"}}
    good = stage.did("mia", "music.track.saved", "cooking-2")
    again = stage.event("music", "track.saved", id=good, subject="mia", data=item)
    stage.send("events.music", "mia", json.dumps(again).encode())
    late = stage.did("mia", "music.track.saved", "cooking-2", ago_s=90 * 86_400.0)
    noise = stage.did("mia", "music.record.ignored")
    bad = stage.did("mia", "music.track.saved", data={**item, "rating": 9})

    applied = stage.eventually(
        lambda: next(
            (each["applied"] for each in stage.get(f"/events?platform=music&id={good}")["found"]["traced"] if each["applied"]),
            None,
        )
    )
    profile = stage.eventually(lambda: stage.get("/v1/accounts/music/mia/profile"))
    assert applied["profile_id"] == profile["profile_id"]
    assert 1 <= applied["revision"] <= profile["revision"]
    traced = stage.get(f"/events?platform=music&id={good}")["found"]["traced"]
    assert [each["fate"] for each in traced] == ["accepted", "duplicate"]
    assert traced[1]["repeats"] == traced[0]["received"]
    assert [fate_of(stage, each)["fate"] for each in (late, noise, bad)] == ["late", "noise", "rejected"]
    letter = stage.eventually(lambda: fate_of(stage, bad)["refusal"]["letter"])
    assert letter["topic"] == "dead-letters"

    browser.open(f"{stage.url}/events")
    browser.one("select[name=platform]").send_keys("music")
    browser.one("input[name=id]").send_keys(good)
    browser.one("form.find button").click()
    shown = browser.eventually(lambda: browser.all(".traced"))
    assert [each.get_attribute("data-fate") for each in shown] == ["accepted", "duplicate"]
    assert f"revision {applied['revision']}" in shown[0].text
    assert shown[0].find_element("css selector", "a[href^='/people/']").get_attribute("href").endswith(applied["profile_id"])
    browser.open(f"{stage.url}/events?platform=music&id={bad}")
    assert "data.rating" in browser.eventually(lambda: browser.text(".traced"))
    assert "What to do" in browser.text(".traced")
    assert browser.errors() == []


def test_an_id_that_nobody_sent_says_how_far_it_was_looked(stage: Stage, browser: Browser) -> None:
    browser.open(f"{stage.url}/events?platform=shop&id=never-sent")
    browser.eventually(lambda: browser.all("#nothing"))
    assert "to the end of the log" in browser.text("#found")
    assert browser.errors() == []


def test_a_search_that_goes_on_finds_what_lies_behind_and_keeps_what_was_found(stage: Stage, browser: Browser) -> None:
    """As the page does by itself when a part of the log was not enough."""
    first = stage.did("nora", "music.track.saved", "cooking-3", id="nora-twice")
    stage.eventually(lambda: stage.get(f"/events?platform=music&id={first}")["found"]["traced"])
    found = stage.get(f"/events?platform=music&id={first}")["found"]["progress"]
    stage.did("nora", "music.track.saved", "cooking-3", id="nora-twice")
    at = ",".join(f"{partition}:{offset}" for partition, offset in found["positions"].items())
    places = ",".join(f"{partition}:{offset}" for partition, offset in found["found"])
    query = urlencode({"platform": "music", "id": first, "since": time.time() - 600, "at": at, "found": places})
    traced = stage.eventually(
        lambda: [] if len(each := stage.get(f"/events?{query}")["found"]["traced"]) < 2 else each
    )
    assert [each["fate"] for each in traced] == ["accepted", "duplicate"]
    browser.open(f"{stage.url}/events?{query}")
    assert len(browser.eventually(lambda: browser.all(".traced"))) == 2
    assert browser.errors() == []


def test_a_long_search_goes_on_by_itself_and_shows_how_far_it_is(tmp_path: Path, browser: Browser) -> None:
    """A topic that takes several parts: over topics in memory, by a clock that runs fast."""
    town, topics, clock = Town(tmp_path), MemoryTopics(), SteppingClock(NOON_S, 0.4)
    for number in range(60):
        topics.put("events.shop", json.dumps(a_cloud_event(id=f"e-{number}")).encode(), at_s=NOON_S - 60)
    with a_console(town, topics, clock) as url:
        browser.open(f"{url}/events?platform=shop&id=e-59")
        browser.eventually(lambda: browser.all(".traced[data-fate=accepted]"))
        assert "Looked at 60 records" in browser.text("#found")
        assert browser.one("#found").get_attribute("data-rests") == "yes"
        assert browser.errors() == []
    town.close()


def test_a_dry_run_moves_no_end_offset_and_brings_no_raw_id_back(stage: Stage, browser: Browser) -> None:
    event = stage.event("shop", "review.posted", subject="raw-canary-id", userid="raw-canary-user", data={
        "item": {"item_id": "sku-1", "title": "<b>Pan</b>", "price": 10, "currency": "EUR"}, "rating": 5,
        "text": "write to ann@example.org", "colour": "red",
    })  # fmt: skip
    before = at_rest(stage)
    browser.open(f"{stage.url}/platforms/shop/check")
    browser.one("#event").send_keys(json.dumps(event))
    browser.one("form.card button").click()
    outcome = browser.eventually(lambda: browser.all("#outcome"))[0]
    assert outcome.get_attribute("data-outcome") == "accepted"
    verdicts = {
        row.get_attribute("data-field"): row.get_attribute("data-verdict") for row in browser.all("tr[data-field]")
    }
    assert verdicts["data.item.title"] == "changed"
    assert verdicts["data.text"] == "changed"
    assert verdicts["data.colour"] == "unknown"
    assert verdicts["subject"] == "changed"
    assert "write to [email]" in browser.text("#checked")
    assert "raw-canary" not in browser.one("#checked").get_attribute("innerHTML")

    event["data"]["rating"] = "five"
    browser.one("#event").clear()
    browser.one("#event").send_keys(json.dumps(event))
    browser.one("form.card button").click()
    browser.eventually(lambda: browser.one("#outcome").get_attribute("data-outcome") == "rejected")
    assert "data.rating" in browser.text("#checked")
    assert browser.errors() == []

    posted = urllib.request.Request(
        f"{stage.url}/platforms/shop/check", urlencode({"event": json.dumps(event)}).encode(), {"Accept": "application/json"}
    )
    with urllib.request.urlopen(posted, timeout=30) as answer:
        body = answer.read().decode()
    assert json.loads(body)["checked"]["field"] == "data.rating"
    assert "raw-canary" not in body
    assert ends(stage) == before


@pytest.mark.requirement("A7")
def test_a_field_that_is_bad_in_three_of_a_hundred_events_comes_first(travel: Stage, browser: Browser) -> None:
    browser.open(f"{travel.url}/platforms/travel")
    first = browser.one("#errors-by-field tbody tr").text
    assert first.startswith("data.rating")
    assert "3.0 %" in first
    assert "latest 100 of 100 records of events.travel" in browser.text("#rests-on")
    report = travel.get("/platforms/travel")["report"]
    assert report["outcomes"]["rejected"] == 5
    assert report["acceptance"] == 0.95
    assert report["skew"]["n"] == 97
    assert [each["reason"] for each in travel.eventually(lambda: travel.get("/platforms/travel")["report"]["letters"])]
    browser.open(f"{travel.url}/platforms")
    assert "data.rating" in browser.text("main")
    assert browser.errors() == []


def test_the_page_of_a_platform_goes_on_by_itself(stage: Stage, browser: Browser) -> None:
    browser.open(f"{stage.url}/platforms/social")
    before = stage.get("/platforms/social")["report"]["n_records"]
    stage.did("sam", "social.post.liked", "cooking-1")
    browser.eventually(lambda: f"latest {before + 1} of" in browser.text("main"), 20.0)
    assert browser.errors() == []


def test_a_platform_that_there_is_not_is_a_page_too(stage: Stage, browser: Browser) -> None:
    browser.open(f"{stage.url}/platforms/gym")
    assert "no_such_platform" in browser.text("h1")


def test_the_pages_have_no_serious_fault_in_either_language_and_theme(travel: Stage, browser: Browser) -> None:
    for page in PAGES:
        for look in ("lang=en&theme=light", "lang=en&theme=dark", "lang=zh&theme=light", "lang=zh&theme=dark"):
            browser.open(f"{travel.url}{page}{'&' if '?' in page else '?'}{look}")
            assert browser.faults() == [], (page, look)
    assert browser.hosts() == {travel.url.removeprefix("http://")}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_fit_a_phone(travel: Stage, phone: Browser, language: str) -> None:
    for page in PAGES:
        phone.open(f"{travel.url}{page}{'&' if '?' in page else '?'}lang={language}")
        widths = phone.driver.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], page
    assert phone.errors() == []


def test_a_verdict_is_said_in_chinese_as_well(stage: Stage, browser: Browser) -> None:
    browser.open(f"{stage.url}/platforms/shop/check?lang=zh")
    browser.one("#event").send_keys("{}")
    browser.one("form.card button").click()
    browser.eventually(lambda: browser.all("#outcome"))
    assert "会被拒绝" in browser.text("#checked")
    assert "发送该字段" in browser.text("#checked")


@pytest.fixture(scope="module")
def keyed() -> Iterator[Stage]:
    """With keys, and without a worker: what was sent waits."""
    keys = {
        hash_of(ALL_KEY): {"role": "read", "name": "everything"},
        hash_of(MUSIC_KEY): {"role": "read", "name": "music", "platforms": ["music"]},
    }
    with Stage(settings={"BRAID_API__KEYS": json.dumps(keys)}, with_worker=False) as stage:
        yield stage


def status_of(stage: Stage, path: str, key: str) -> int:
    try:
        stage.get(path, Authorization=f"Bearer {key}")
    except urllib.error.HTTPError as error:
        return error.code
    return 200


@pytest.mark.requirement("N14")
def test_a_key_for_some_platforms_sees_no_others(keyed: Stage) -> None:
    seen = keyed.get("/platforms", Authorization=f"Bearer {MUSIC_KEY}")["platforms"]
    assert [each["platform"] for each in seen] == ["music"]
    paths = ["/platforms/{}", "/platforms/{}/check", "/events?platform={}&id=e-1"]
    assert [status_of(keyed, path.format("music"), MUSIC_KEY) for path in paths] == [200, 200, 200]
    assert [status_of(keyed, path.format("shop"), MUSIC_KEY) for path in paths] == [403, 403, 403]
    assert [status_of(keyed, path.format("shop"), ALL_KEY) for path in paths] == [200, 200, 200]
    assert [status_of(keyed, path.format("shop"), "no-such-key-0000000") for path in paths] == [401, 401, 401]


def test_an_event_that_no_stage_has_come_to_waits_behind_those_before_it(keyed: Stage) -> None:
    for _ in range(3):
        keyed.did("una", "music.track.saved", "cooking-1")
    last = keyed.did("una", "music.track.saved", "cooking-1")
    (traced,) = keyed.get(f"/events?platform=music&id={last}", Authorization=f"Bearer {MUSIC_KEY}")["found"]["traced"]
    assert traced["written"] is None
    assert (traced["waits"]["stage"], traced["waits"]["n_before"]) == ("normalise", 3)
    assert 0 <= traced["waits"]["age_s"] < 60
