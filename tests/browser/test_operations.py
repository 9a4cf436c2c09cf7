"""Operations on the real thing: the flow on an open page, dead letters redriven, merges previewed, people erased."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.browser.page import Browser
from tests.browser.stage import Stage, people_of_the_stage

#: Raw ids that the people of the stage have, as words of their own.
RAW_IDS = re.compile(r"(?<![\w-])(ada|ada\.films|ada\.reads|u-ada|person-\d+)(?![\w-])")
HAT = """
[envelope]
id = "id"
source = "source"
type = "type"
time = "time"
subject = "subject"
[item]
item_id = "data.item.item_id"
[types]
"shop.hat.waved" = "hat.waved"
"shop.product.viewed" = "product.viewed"
[actions."hat.waved"]
weight = 2.0
"""


#: After serve died. The page itself notes when its badge turned, so that a slow driver of the browser counts for nothing.
STALE_S = 5.0
NOTES_STALE = """
const badge = document.getElementById('freshness');
new MutationObserver(() => { if (badge.classList.contains('stale')) window.staleAt ??= Date.now(); })
  .observe(badge, {attributes: true});
"""


class HeldStage(Stage):
    """Its worker's encoder can be held, and its mapping files can come later."""

    def __enter__(self) -> Self:
        self.settings = {**self.settings}
        super().__enter__()
        return self

    @property
    def mood(self) -> Path:
        return self.folder / "mood"

    def feel(self, mood: str) -> None:
        unfinished = self.mood.with_suffix(".new")
        unfinished.write_text(mood)
        unfinished.rename(self.mood)

    def start_worker(self) -> None:
        (self.folder / "mappings").mkdir(exist_ok=True)
        self.settings = {**self.settings, "BRAID_INGEST__MAPPINGS_DIR": str(self.folder / "mappings")}
        self.feel("well")
        super().start_worker()

    def _command(self, *arguments: str) -> list[str]:
        command = super()._command(*arguments)
        if arguments != ("worker",):
            return command
        return [command[0], "-m", "tests.support.moody_worker", str(self.mood), "worker"]


@pytest.fixture(scope="module")
def held() -> Iterator[HeldStage]:
    """For tests that stop processes or change who is who."""
    with HeldStage() as stage:
        stage.ada = people_of_the_stage(stage)
        yield stage


def age_s(browser: Browser, stage: str) -> float:
    return float(browser.one(f"#age-{stage}").get_attribute("data-age") or "nan")


def group_of(stage: Stage, reason: str) -> dict[str, Any] | None:
    return next((each for each in stage.get("/operations/letters")["groups"] if each["reason"] == reason), None)


def query_of(group: dict[str, Any]) -> str:
    return urllib.parse.urlencode({name: group[name] for name in ("topic", "stage", "reason", "field")})


def test_a_held_encoder_ages_the_profile_stage_on_the_open_page(held: HeldStage, browser: Browser) -> None:
    browser.open(f"{held.url}/operations")
    browser.eventually(lambda: all(age_s(browser, stage) == 0.0 for stage in ("normalise", "profile")))
    browser.driver.execute_script("window.isTheSamePage = true")
    held.feel("hang")
    held.did("viewer", "video.video.commented", data={"item": {"item_id": "cooking-1"}, "text": "Nobody read this."})
    browser.eventually(lambda: age_s(browser, "profile") > 0.0)
    browser.eventually(lambda: age_s(browser, "profile") > 10.0, 20.0)
    assert "rises" in browser.text("#flow")
    assert age_s(browser, "normalise") == 0.0
    held.feel("well")
    browser.eventually(lambda: age_s(browser, "profile") == 0.0, 20.0)
    assert browser.driver.execute_script("return window.isTheSamePage")
    assert len(browser.all(".chart canvas")) == 2
    drawn = browser.driver.execute_script(
        "return fetch('/operations/history').then(a => a.json()).then(s => Math.max(...s.age_s.profile))"
    )
    assert drawn > 10.0
    assert browser.errors() == []


def test_a_page_says_that_it_is_stale_and_recovers_alone(held: HeldStage, browser: Browser) -> None:
    browser.open_live(f"{held.url}/operations")
    browser.driver.execute_script("window.isTheSamePage = true")
    browser.driver.execute_script(NOTES_STALE)
    serve = held.processes.pop("serve")
    killed_at_s = time.time()
    serve.kill()
    serve.wait(60)
    browser.eventually(lambda: browser.text("#freshness").startswith("stale since"))
    assert browser.driver.execute_script("return window.staleAt / 1000") - killed_at_s < STALE_S
    held.start_serve()
    browser.eventually(lambda: browser.text("#freshness") == "live", 30.0)
    assert browser.driver.execute_script("return window.isTheSamePage")


def test_a_letter_whose_reason_has_gone_is_redriven_twice_and_counts_once(held: HeldStage, browser: Browser) -> None:
    waved = json.dumps(
        held.event("shop", "hat.waved", subject="person-2", data={"item": {"item_id": "cooking-0"}})
    ).encode()
    held.send("events.shop", "person-2", waved)
    group = held.eventually(lambda: group_of(held, "unknown_type"))
    assert held.get(f"/operations/letters/trial?{query_of(group)}")["outcomes"] == {"refused": 1}
    (held.folder / "mappings" / "shop.toml").write_text(HAT)
    held.stop("worker")
    held.start_worker()

    browser.open(f"{held.url}/operations/letters/group?{query_of(group)}")
    browser.one("form button").click()
    browser.eventually(lambda: browser.all("#redrive"))
    assert "would be taken" in browser.text("#trial")
    again = {
        name: each.get_attribute("value")
        for each in browser.all("#trial input")
        if (name := each.get_attribute("name"))
    }
    browser.one("#redrive").click()
    browser.eventually(lambda: browser.all("#n-redriven"))
    assert browser.text("#n-redriven") == "1"
    second = _post(held, "/operations/letters/redrive", {**again, "place": group["newest"]["place"]})
    assert (second["n_redriven"], second["n_gone"]) == (0, 1)

    person = held.profile_id("shop", "person-2")
    held.eventually(lambda: held.get(f"/v1/profiles/{person}")["platforms"]["shop"]["counts"]["shop.hat.waved"])
    # As if serve had died before the letter's end was confirmed, and somebody redrove it again.
    held.send("events.shop", "person-2", waved)
    held.did("person-2", "shop.product.viewed", "cooking-1")
    counts = held.eventually(
        lambda: (
            (found := held.get(f"/v1/profiles/{person}")["platforms"]["shop"]["counts"])["shop.product.viewed"] == 5
            and found
        )
    )
    assert counts["shop.hat.waved"] == 1
    assert group_of(held, "unknown_type") is None
    assert browser.errors() == []


def test_the_preview_of_a_merge_is_what_comes_of_it_and_of_the_split_as_well(held: HeldStage, browser: Browser) -> None:
    one = held.profile_id("shop", "person-4")
    held.did("viewer-5", "video.video.liked", "football-1")
    viewer = held.profile_id("video", "viewer-5")
    held.eventually(lambda: held.get(f"/v1/profiles/{viewer}"))
    browser.open(f"{held.url}/operations/people?person={one}&with={viewer}")
    preview = held.get(f"/operations/people?person={one}&with={viewer}")["merged"]
    browser.one("#link").click()
    browser.eventually(lambda: browser.all("#said"))
    merged = held.eventually(
        lambda: (found := _living(held, one, viewer)) and len(found["identity"]["accounts"]) == 2 and found
    )
    _is_what_came(preview, merged)

    path = f"/operations/people?person={merged['profile_id']}&account={viewer}"
    previews = held.get(path)
    browser.open(held.url + path)
    browser.one("#unlink").click()
    browser.eventually(lambda: browser.all("#said"))
    for part, profile_id in (("stays", one), ("leaves", viewer)):
        came = held.eventually(
            lambda profile_id=profile_id: (
                (found := held.get(f"/v1/profiles/{profile_id}"))["identity"]["accounts"]
                and len(found["identity"]["accounts"]) == 1
                and found
            )
        )
        _is_what_came(previews[part], came)
    assert browser.errors() == []


def test_a_person_is_exported_and_erased_from_their_page_and_the_audit_tells(held: HeldStage, browser: Browser) -> None:
    person = held.profile_id("shop", "person-9")
    browser.open(f"{held.url}/people/{person}")
    export = urllib.parse.urlsplit(browser.one("#export").get_attribute("href") or "").path
    assert held.get(export)["profile_id"] == person
    browser.one("#actions summary").click()
    browser.one("#actions input[name=confirmation]").send_keys(person[:8])
    browser.one("#erase").click()
    browser.eventually(lambda: browser.all("#erased"))
    held.eventually(lambda: _status(held, f"/v1/profiles/{person}") == 404)
    told = held.eventually(
        lambda: (
            (found := held.get(f"/operations/audit?person={person}&action=erase")["records"])
            and {each["outcome"] for each in found} == {"begun", "answered"}
            and found
        )
    )
    assert all(person not in str(each) for each in told)
    assert browser.errors() == []


@pytest.mark.requirement("N14")
def test_no_raw_id_is_on_any_page_of_the_operations(stage: Stage, browser: Browser) -> None:
    stage.did(
        "person-1", "shop.hat.waved", "cooking-0", data={"item": {"item_id": "cooking-0", "title": "for person-1"}}
    )
    stage.send("events.video", "ada.films", b'{"ada.films": ')
    stage.did("ada", "shop.product.viewed", data={"item": {"item_id": "x", "price": "ada"}, "ada": {"person-1": "ada"}})
    groups = stage.eventually(lambda: len(found := stage.get("/operations/letters")["groups"]) >= 3 and found)
    queries = [query_of(group) for group in groups]
    paths = [
        "/operations", "/operations/letters", "/operations/audit", "/operations/people", f"/operations/people?person={stage.ada}",
        f"/operations/people?person={stage.ada}&with={stage.profile_id('shop', 'person-1')}",
        *(f"/operations/letters/{what}?{query}" for what in ("group", "trial") for query in queries),
    ]  # fmt: skip
    for path in paths:
        browser.open(stage.url + path)
        assert browser.one("h1").text
        assert not RAW_IDS.search(browser.driver.page_source), path
        assert not RAW_IDS.search(str(stage.get(path))), path
    assert browser.errors() == []


@pytest.mark.parametrize("look", ["lang=en&theme=light", "lang=zh&theme=dark"])
def test_the_pages_are_accessible_and_fit_a_phone(stage: Stage, browser: Browser, look: str) -> None:
    stage.did("person-1", "shop.hat.waved", "cooking-0")
    group = stage.eventually(lambda: group_of(stage, "unknown_type"))
    paths = [
        "/operations?", "/operations/letters?", f"/operations/letters/group?{query_of(group)}&", "/operations/audit?",
        f"/operations/people?person={stage.ada}&with={stage.profile_id('shop', 'person-3')}&",
    ]  # fmt: skip
    for width in (390, 1280):
        browser.resize(width, 800)
        for path in paths:
            browser.open(f"{stage.url}{path}{look}")
            assert browser.faults() == [], path
            assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= width, path
    browser.errors()


def _is_what_came(preview: dict[str, Any], profile: dict[str, Any]) -> None:
    accounts = [(each["platform"], each["account"]) for each in preview["accounts"]]
    assert accounts == [(each["platform"], each["account"]) for each in profile["identity"]["accounts"]]
    assert preview["events_applied"] == profile["events_applied"]
    assert {each["platform"]: each["counts"] for each in preview["platforms"]} == {
        name: block["counts"] for name, block in profile["platforms"].items()
    }
    for each in preview["platforms"]:
        assert each["share"] == pytest.approx(profile["platforms"][each["platform"]]["share"], abs=1e-3)


def _living(stage: Stage, *profile_ids: str) -> dict[str, Any] | None:
    found = [stage.get(f"/v1/profiles/{each}") for each in profile_ids if _status(stage, f"/v1/profiles/{each}") == 200]
    return max(found, key=lambda profile: len(profile["identity"]["accounts"]), default=None)


def _status(stage: Stage, path: str) -> int:
    try:
        with urllib.request.urlopen(stage.url + path, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _post(stage: Stage, path: str, form: dict[str, str]) -> Any:
    data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(stage.url + path, data, {"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
