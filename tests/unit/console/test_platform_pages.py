"""The pages of platforms over topics in memory: searches in parts, refusals as pages, and what the audit is told."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from streams.console import event_pages
from streams.domain.events import event_id
from streams.errors import Unavailable
from streams.serve.api_keys import KeyGrant
from streams.serve.audit import MemoryAudit
from streams.service.topic_reading import TopicReading
from tests.support.cloud_events import NOON_S, a_cloud_event
from tests.support.platform_desks import World, a_console
from tests.support.serving import Town
from tests.support.topic_readings import MemoryTopics, SteppingClock

READ, SHOP = "read-0123456789abcdef", "shop-0123456789abcdef"
KEYS = {READ: KeyGrant("read", "reader"), SHOP: KeyGrant("read", "shopkeeper", platforms=frozenset({"shop"}))}
N_RECORDS = 120


class AwayTopics:
    """Brokers that do not answer."""

    @contextmanager
    def open(self) -> Iterator[TopicReading]:
        raise Unavailable("no broker answers")
        yield


@dataclass
class Site:
    url: str
    topics: MemoryTopics
    clock: SteppingClock
    audit: MemoryAudit = field(default_factory=MemoryAudit)

    def get(self, path: str, accept: str = "text/html", key: str = READ) -> httpx.Response:
        headers = {"Accept": accept, "Authorization": f"Bearer {key}"}
        return httpx.get(self.url + path, headers=headers, trust_env=False)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    topics, clock, audit = MemoryTopics(), SteppingClock(NOON_S), MemoryAudit()
    for number in range(N_RECORDS):
        event = json.dumps(a_cloud_event(id=f"e-{number}")).encode()
        topics.put("events.shop", event, partition=number % 2, at_s=NOON_S - 60)
    town = Town(tmp_path, keys=KEYS)
    with a_console(town, topics, clock, audit) as url:
        yield Site(url, topics, clock, audit)
    town.close()


def next_of(page: str) -> str:
    found = re.search(r'id="found"[^>]* hx-get="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def more_of(page: str) -> str:
    found = re.search(r'<a class="quiet" href="(/events[^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def test_a_page_goes_on_part_by_part_until_the_log_ends(site: Site) -> None:
    site.clock.step_s = 0.4  # every look at the clock, and so every batch of ten records
    path, n_parts = "/events?platform=shop&id=e-119", 0
    while True:
        page = site.get(path)
        assert page.status_code == 200
        n_parts += 1
        if not next_of(page.text):
            break
        assert "traced" not in page.text
        path = next_of(page.text)
    assert 1 < n_parts <= event_pages.PARTS
    assert 'data-fate="accepted"' in page.text
    assert f"Looked at {N_RECORDS} records" in page.text


def test_a_search_that_took_all_its_parts_rests_and_offers_to_go_on(site: Site) -> None:
    site.clock.step_s = 1.6
    path, n_parts = "/events?platform=shop&id=e-119", 0
    while path:
        page = site.get(path)
        n_parts += 1
        path = next_of(page.text)
    assert n_parts == event_pages.PARTS
    assert "are left" in page.text
    site.clock.step_s = 0.0
    assert 'data-fate="accepted"' in site.get(more_of(page.text)).text


def test_json_answers_in_one_go(site: Site) -> None:
    site.clock.step_s = 0.4
    found = site.get("/events?platform=shop&id=e-119", "application/json").json()
    assert found["next_at"] == ""
    assert found["found"]["is_done"]
    assert [each["fate"] for each in found["found"]["traced"]] == ["accepted"]


def test_what_was_found_in_an_earlier_part_is_still_there_at_the_end(site: Site) -> None:
    site.clock.step_s = 0.4
    path = "/events?platform=shop&id=e-0"
    while path:
        page = site.get(path)
        path = next_of(page.text)
    assert page.text.count('class="card traced"') == 1


def test_too_many_searches_are_asked_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_pages, "MAX_SEARCHES", 0)
    monkeypatch.setattr(event_pages, "PART_S", 0.01)
    town = Town(tmp_path, keys=KEYS)
    with a_console(town, MemoryTopics(), SteppingClock(NOON_S)) as url:
        answer = Site(url, MemoryTopics(), SteppingClock(NOON_S)).get("/events?platform=shop&id=e-1")
    town.close()
    assert answer.status_code == 503
    assert "busy" in answer.text


@pytest.mark.parametrize(
    "query", ["since=soon", "at=1", "at=x:y", "found=0:1,", "step=99", "n=-1", "ago=2y", "platform=Shop%20", "since=9e99"]
)
def test_what_cannot_be_meant_is_refused(site: Site, query: str) -> None:
    path = f"/events?id=e-1&{query}" if query.startswith("platform") else f"/events?platform=shop&id=e-1&{query}"
    assert site.get(path).status_code == 422


@pytest.mark.parametrize("since", ["2024-05-01T11:00", "2024-05-01T13:00:00+02:00", "1714561200", "1714561200.123456789"])
def test_a_time_may_be_written_in_several_ways(site: Site, since: str) -> None:
    found = httpx.get(
        f"{site.url}/events", params={"platform": "shop", "id": "e-1", "since": since},
        headers={"Accept": "application/json", "Authorization": f"Bearer {READ}"}, trust_env=False,
    ).json()  # fmt: skip
    assert found["since_s"] == pytest.approx(NOON_S - 3_600, abs=1)
    assert found["found"]["traced"]


def test_brokers_that_do_not_answer_are_a_page(tmp_path: Path) -> None:
    town = Town(tmp_path, keys=KEYS)
    with a_console(town, AwayTopics(), SteppingClock(NOON_S)) as url:
        site = Site(url, MemoryTopics(), SteppingClock(NOON_S))
        for path in ("/platforms", "/platforms/shop", "/events?platform=shop&id=e-1"):
            page = site.get(path)
            assert (path, page.status_code) == (path, 503)
            assert "no broker answers" in page.text
    town.close()


@pytest.mark.requirement("N14")
def test_a_key_for_one_platform_sees_and_asks_about_no_other(site: Site) -> None:
    seen = site.get("/platforms", "application/json", SHOP).json()["platforms"]
    assert [each["platform"] for each in seen] == ["shop"]
    assert site.get("/events", "application/json", SHOP).json()["platforms"] == ["shop"]
    for path in ("/platforms/video", "/platforms/video/check", "/events?platform=video&id=e-1"):
        assert site.get(path, key=SHOP).status_code == 403
        assert site.get(path, key=READ).status_code == 200
    posted = httpx.post(
        f"{site.url}/platforms/video/check", data={"event": "{}"}, headers={"Authorization": f"Bearer {SHOP}"}, trust_env=False
    )
    assert posted.status_code == 403


@pytest.mark.requirement("N14")
def test_the_audit_is_told_whose_event_was_found_and_of_no_dry_run(site: Site) -> None:
    world = World(site.topics)
    world.pass_gate()
    user = str(site.topics.records["user-events"][0].key, "ascii")
    world.publish(user, 1, [event_id("/platforms/shop-eu", "e-1").hex()])
    before = len(site.audit.records)
    assert 'data-revision="1"' in site.get("/events?platform=shop&id=e-1").text
    (record,) = list(site.audit.records)[before:]
    assert (record.who, record.action, bool(record.whom)) == ("reader", "GET /events", True)
    httpx.post(
        f"{site.url}/platforms/shop/check", data={"event": json.dumps(a_cloud_event())},
        headers={"Authorization": f"Bearer {READ}"}, trust_env=False,
    )  # fmt: skip
    assert len(site.audit.records) == before + 1
