"""A page on a bad line: it says when it is not live, and comes alive by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.line import Fault, Line, cuts, refuses
from tests.browser.page import Browser
from tests.browser.stage import Stage

#: A browser has so many connections to a host; one more page than that shows whether the others leave it any.
CONNECTIONS = 6
NOTES_EMPTY = """
const live = document.getElementById('live');
new MutationObserver(() => { if (!live.querySelector('#person')) window.wasEmpty = true; }).observe(live, {childList: true});
"""


@pytest.fixture
def line(stage: Stage) -> Iterator[Line]:
    with Line(stage.port) as line:
        yield line


@pytest.fixture
def page(stage: Stage) -> str:
    return str(f"/people/{stage.get(f'/people/{stage.ada}')['profile_id']}")


def is_live(browser: Browser) -> bool:
    return browser.text("#freshness") == "live"


@pytest.mark.parametrize("fault", [refuses, cuts])
def test_a_stream_that_does_not_begin_is_asked_for_again(line: Line, page: str, browser: Browser, fault: Fault) -> None:
    line.once("/live?", fault, fault)
    browser.open(line.url + page)
    browser.eventually(lambda: is_live(browser))
    assert sum(each.startswith("/live?") for each in line.asked) == 3


def test_a_page_whose_stream_is_held_back_says_that_it_is_not_live_and_then_is(
    line: Line, page: str, browser: Browser
) -> None:
    line.once("/live?", line.holds)
    browser.open(line.url + page)
    assert browser.text("#freshness") == ""
    browser.eventually(lambda: browser.text("#freshness") == "not live")
    browser.eventually(lambda: is_live(browser))


@pytest.mark.parametrize("script", ["htmx.min.js", "console.js", "live.js"])
def test_a_page_without_one_of_its_scripts_says_that_it_is_not_live(
    line: Line, page: str, browser: Browser, script: str
) -> None:
    line.once(script, cuts, cuts, cuts)
    browser.open(line.url + page)
    browser.eventually(lambda: browser.text("#freshness") == "not live")


def test_what_came_while_a_stream_was_silent_is_on_the_page_when_it_is_live_again(
    stage: Stage, line: Line, browser: Browser
) -> None:
    stage.did("heard-late", "shop.product.viewed", "gardening-0", ago_s=60.0)
    person = stage.profile_id("shop", "heard-late")
    stage.eventually(lambda: stage.get(f"/people/{person}")["n_events"] == 1)
    browser.open_live(f"{line.url}/people/{person}")
    browser.driver.execute_script("window.isTheSamePage = true")
    line.falls_silent()
    stage.did("heard-late", "shop.order.completed", "gardening-1")
    browser.eventually(lambda: browser.text("#freshness").startswith("stale since"))
    browser.eventually(lambda: is_live(browser))
    browser.eventually(lambda: browser.all("#n-events.moved[data-value='2']"))
    assert browser.driver.execute_script("return window.isTheSamePage")
    assert browser.errors() == []


@pytest.mark.parametrize("fault", [refuses, cuts])
def test_a_change_that_is_not_to_be_had_at_once_leaves_the_page_and_comes_later(
    stage: Stage, line: Line, browser: Browser, fault: Fault
) -> None:
    who = f"hard-to-have-{fault.__name__}"
    stage.did(who, "shop.product.viewed", "gardening-0", ago_s=60.0)
    person = stage.profile_id("shop", who)
    stage.eventually(lambda: stage.get(f"/people/{person}")["n_events"] == 1)
    browser.open_live(f"{line.url}/people/{person}")
    browser.driver.execute_script(NOTES_EMPTY)
    line.once(f"/people/{person}", fault, fault)
    stage.did(who, "shop.order.completed", "gardening-1")
    browser.eventually(lambda: browser.all("#n-events.moved[data-value='2']"))
    assert line.asked.count(f"/people/{person}") == 4
    assert not browser.driver.execute_script("return window.wasEmpty")


def test_pages_that_nobody_looks_at_leave_the_connections_to_the_one_that_is_looked_at(
    line: Line, page: str, browser: Browser
) -> None:
    for _ in range(CONNECTIONS):
        browser.open_behind(line.url + page)
    browser.eventually(lambda: line.asked.count(page) == CONNECTIONS)
    browser.open(line.url + page)
    browser.eventually(lambda: is_live(browser))
