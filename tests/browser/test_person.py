"""The pages of one person on a running Braid: every value with its evidence, the timeline, why and why not, live."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator

import pytest

from tests.browser.page import Browser
from tests.browser.stage import Stage

#: From a revision that the API has to a page that shows it: far more than it takes (`make bench NAME=console_views`), so
#: that it holds on a machine that others use too.
LIVE_S = 20.0


@pytest.fixture
def ada(stage: Stage) -> str:
    """Who lives on under her newest profile, whatever other tests linked."""
    return str(stage.get(f"/people/{stage.ada}")["profile_id"])


@pytest.fixture
def phone() -> Iterator[Browser]:
    browser = Browser(390, 800)
    yield browser
    browser.quit()


@pytest.mark.requirement("H10")
def test_every_value_on_the_screen_leads_to_the_events_that_made_it(stage: Stage, browser: Browser, ada: str) -> None:
    browser.open(f"{stage.url}/people/{ada}")
    values = [each for each in browser.all("section.card li b[id], section.card p.row b[id]") if each.is_displayed()]
    assert len(values) > 5
    without = browser.driver.execute_script(
        "return [...document.querySelectorAll('section.card li b[id]')].filter(value => {"
        " const row = value.closest('li'); return !row.querySelector('details table tbody tr') }).map(each => each.id)"
    )
    assert without == []
    browser.one("#e-share-shop summary").click()
    assert "shop.order.completed" in browser.text("#e-share-shop")
    assert "Cast iron frying pan" in browser.text("#e-share-shop")
    assert browser.errors() == []


def test_contributions_and_the_rest_add_up_to_the_value(stage: Stage, ada: str) -> None:
    view = stage.get(f"/people/{ada}")
    told = [(each, each["score"]) for each in view["tags"]] + [(each, each["mass"]) for each in view["platforms"]]
    told += [(each, each["mass"]) for each in view["interests"]]
    assert told
    for each, value in told:
        assert sum(event["contribution"] for event in each["events"]) + each["others"] == pytest.approx(value, abs=1e-6)


def test_the_screen_holds_what_the_profile_holds(stage: Stage, browser: Browser, ada: str) -> None:
    profile, view = stage.get(f"/v1/profiles/{ada}"), stage.get(f"/people/{ada}")
    assert {each["account"] for each in view["accounts"]} == {
        each["account"] for each in profile["identity"]["accounts"]
    }
    assert {each["platform"]: each["share"] for each in view["platforms"]} == {
        name: block["share"] for name, block in profile["platforms"].items()
    }
    assert view["sentiment"]["score"] == profile["sentiment"]["score"]
    browser.open(f"{stage.url}/people/{ada}")
    page = browser.driver.page_source
    for raw in ("ada.films", "ada.reads", "u-ada"):
        assert raw not in page
    assert browser.errors() == []


def test_each_revision_names_its_triggers_and_links_are_told_as_such(stage: Stage, browser: Browser, ada: str) -> None:
    notes = stage.get(f"/people/{ada}/revisions")["notes"]
    assert all(note["n_triggers"] for note in notes)
    merges = [note for note in notes if note["kind"] == "merge"]
    assert {each["platform"] for note in merges for each in note["joined"]}
    stage.did("ada", "shop.order.completed", "cooking-0", userid="u-ada")

    def triggers() -> list[str]:
        told = stage.get(f"/people/{ada}/revisions")["notes"]
        return [each["type"] for note in told for each in note["triggers"] if each.get("type")]

    stage.eventually(lambda: "shop.order.completed" in triggers())
    browser.open(f"{stage.url}/people/{ada}/revisions")
    timeline = browser.text(".timeline")
    assert "accounts were linked" in timeline
    assert "Cast iron frying pan" in timeline
    assert browser.errors() == []


def test_recommendations_beside_history_equal_the_answer_of_the_api(stage: Stage, browser: Browser, ada: str) -> None:
    for query in ("", "?k=4", "?platform=shop&k=5", "?diversity=0"):
        view = stage.get(f"/people/{ada}/recommendations{query}")
        api = stage.get(f"/v1/profiles/{ada}/recommendations{query}")
        assert [each["key"] for each in view["answer"]["items"]] == [each["key"] for each in api["items"]]
        scores = [each["score"] for each in api["items"]]
        assert [each["score"] for each in view["answer"]["items"]] == pytest.approx(scores, abs=1e-3)
    browser.open(f"{stage.url}/people/{ada}/recommendations?k=4")
    shown = [each.text for each in browser.all("#h-items ~ ol li a")]
    assert shown == [each["title"] for each in stage.get(f"/v1/profiles/{ada}/recommendations?k=4")["items"]]
    assert "Filter: seen" in browser.text("#h-items ~ ul")
    assert browser.errors() == []


def test_contributions_of_a_recommended_item_sum_to_its_score(stage: Stage, browser: Browser, ada: str) -> None:
    (first, *_) = stage.get(f"/v1/profiles/{ada}/recommendations?k=5")["items"]
    browser.open(f"{stage.url}/people/{ada}/why?item={first['key']}&k=5")
    assert browser.one("#verdict").get_attribute("data-verdict") == "recommended"
    parts = [float(each.get_attribute("data-part") or "nan") for each in browser.all("[data-part]")]
    assert sum(parts) == pytest.approx(first["score"], abs=1e-5)
    assert "Contribution is not cause" in browser.text("#why-item")
    assert browser.errors() == []


def test_an_item_that_is_not_there_names_the_filter(stage: Stage, browser: Browser, ada: str) -> None:
    shown = {each["key"] for each in stage.get(f"/v1/profiles/{ada}/recommendations?k=1")["items"]}
    absent = next(key for key in ("music:football-1", "travel:football-1") if key not in shown)
    for query, verdict in (
        ("item=shop:cooking-0", "seen"),
        ("item=music:football-1&platform=shop", "other_platform"),
        (f"item={absent}&k=1&diversity=0", "below_the_cut"),
        ("item=shop:never", "unknown_item"),
    ):
        browser.open(f"{stage.url}/people/{ada}/why?{query}")
        assert browser.one("#verdict").get_attribute("data-verdict") == verdict, query
    assert browser.errors() == []


def test_a_tag_and_a_segment_can_be_asked_for_from_the_page(stage: Stage, browser: Browser, ada: str) -> None:
    tag = stage.get(f"/people/{ada}")["tags"][0]
    browser.open(f"{stage.url}/people/{ada}/why")
    browser.one("#ask-tag").send_keys(f"{tag['kind']}:{tag['tag']}\n")
    browser.eventually(lambda: browser.all("#why-tag [data-verdict='published']"))
    browser.one("#ask-segment").send_keys("nobody-knows\n")
    browser.eventually(lambda: "does not know the segment" in browser.text("#why-segment"))
    assert browser.errors() == []


def test_an_event_published_now_changes_the_open_page_and_marks_what_moved(
    stage: Stage, browser: Browser
) -> None:
    stage.did("live-person", "shop.product.viewed", "gardening-0", ago_s=60.0)
    person = stage.profile_id("shop", "live-person")
    stage.eventually(lambda: stage.get(f"/people/{person}")["n_events"] == 1)
    browser.open_live(f"{stage.url}/people/{person}")
    browser.one("#e-share-shop summary").click()
    stage.did("live-person", "shop.order.completed", "gardening-1")
    stage.eventually(lambda: stage.get(f"/v1/profiles/{person}")["events_applied"] == 2)
    browser.eventually(lambda: browser.all("#n-events.moved[data-value='2']"), LIVE_S)
    assert "Watering tomato plants" in browser.driver.page_source
    assert browser.one("#e-share-shop").get_attribute("open") is not None
    assert browser.errors() == []


def test_the_page_of_somebody_linked_to_another_goes_on_as_the_other(stage: Stage, browser: Browser) -> None:
    stage.did("first-known", "shop.product.viewed", "gardening-0", userid="u-joined")
    stage.eventually(lambda: stage.get(f"/people/{stage.profile_id('shop', 'first-known')}"))
    stage.did("known-later", "video.video.liked", "gardening-1")
    one, other = stage.profile_id("shop", "first-known"), stage.profile_id("video", "known-later")
    stage.eventually(lambda: stage.get(f"/people/{other}"))
    browser.open_live(f"{stage.url}/people/{other}/revisions")
    stage.did("known-later", "video.video.liked", "gardening-2", userid="u-joined")
    browser.eventually(lambda: len(stage.get(f"/people/{one}")["accounts"]) == 2)
    browser.eventually(lambda: browser.driver.current_url == f"{stage.url}/people/{one}/revisions")
    browser.eventually(lambda: "before it was merged" in browser.text(".timeline"))
    browser.open(f"{stage.url}/people/{other}")
    assert browser.driver.current_url == f"{stage.url}/people/{one}"
    assert browser.errors() == []


@pytest.mark.requirement("N8")
def test_an_open_page_of_somebody_who_is_erased_says_so(stage: Stage, browser: Browser) -> None:
    stage.did("erased-person", "shop.product.viewed", "gardening-0")
    person = stage.profile_id("shop", "erased-person")
    stage.eventually(lambda: stage.get(f"/people/{person}"))
    browser.open_live(f"{stage.url}/people/{person}")
    stage.did("erased-person", "shop.user.erasure_requested")
    browser.eventually(lambda: "Nobody of this id" in browser.text("h1"))
    assert all("404" in error for error in browser.errors())


def test_an_unknown_person_is_a_page_that_says_so(stage: Stage, browser: Browser) -> None:
    browser.open(f"{stage.url}/people/{'0' * 32}")
    assert "Nobody of this id" in browser.text("h1")
    assert "what became of the event" in browser.text("main")
    with pytest.raises(urllib.error.HTTPError) as refused:
        stage.get(f"/people/{'0' * 32}")
    assert refused.value.code == 404
    assert all("404" in error for error in browser.errors())


@pytest.mark.parametrize(
    "look", ["lang=en&theme=light", "lang=en&theme=dark", "lang=zh&theme=light", "lang=zh&theme=dark"]
)
def test_no_serious_fault_of_access_in_any_look(stage: Stage, browser: Browser, ada: str, look: str) -> None:
    for below in ("?", "/revisions?", "/recommendations?", "/why?item=shop:cooking-0&"):
        browser.open(f"{stage.url}/people/{ada}{below}{look}")
        assert browser.faults() == [], below
    assert browser.errors() == []


def test_a_phone_needs_no_scrolling_sideways(stage: Stage, phone: Browser, ada: str) -> None:
    for below in ("", "/revisions", "/recommendations", "/why?item=shop:cooking-0"):
        phone.open(f"{stage.url}/people/{ada}{below}")
        for details in phone.all("main details"):
            phone.driver.execute_script("arguments[0].open = true", details)
        width = phone.driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= 390, below
    assert phone.errors() == []
