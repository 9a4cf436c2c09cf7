"""What holds for every page: it can be used by everybody, in two languages, without any other host, and is an address."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.page import Browser
from tests.browser.stage import Stage

#: Every page. ADA stands for the profile id of a person.
PAGES = (
    "/", "/people/ADA", "/people/ADA/revisions", "/people/ADA/recommendations?platform=news", "/people/ADA/why",
    "/platforms", "/platforms/shop", "/platforms/shop/check", "/events",
    "/operations", "/operations/letters", "/operations/people", "/operations/audit",
    "/map", "/map?person=ADA&q=pan", "/docs",
)  # fmt: skip
#: Views that a moment does not change: the same address shows the same in any session, to the letter.
STILL = (
    "/", "/people/ADA/revisions", "/people/ADA/recommendations?platform=news", "/map?person=ADA&q=pan",
)  # fmt: skip
LOOKS = ("?lang=en&theme=light", "?lang=en&theme=dark", "?lang=zh&theme=light", "?lang=zh&theme=dark")
#: What the platforms call the people of the stage; `ada` by itself, as a word.
RAW_IDS = re.compile(r"\bu-ada\b|\bada\b|\bada\.films\b|\bada\.reads\b|\bperson-\d+\b")
FIRST_VIEW_BYTES = 150_000
SANE_S = 5.0
PHONE = 390


def address(stage: Stage, page: str, look: str = "") -> str:
    page = page.replace("ADA", stage.ada)
    return stage.url + page + (look.replace("?", "&") if "?" in page else look)


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_serious_fault_in_any_language_or_light(stage: Stage, browser: Browser, page: str) -> None:
    for look in LOOKS:
        browser.open(address(stage, page, look))
        ready(browser)
        assert browser.one("html").get_attribute("lang") == ("zh-CN" if "zh" in look else "en")
        assert browser.faults() == [], look
    assert browser.errors() == []


@pytest.mark.parametrize("page", PAGES)
def test_no_request_leaves_the_own_origin_and_no_raw_id_is_shown(stage: Stage, browser: Browser, page: str) -> None:
    browser.open(address(stage, page))
    ready(browser)
    assert browser.hosts() == {stage.url.removeprefix("http://")}
    assert RAW_IDS.findall(browser.driver.page_source) == []
    assert RAW_IDS.findall(json.dumps(stage.get(page.replace("ADA", stage.ada)))) == []
    assert browser.errors() == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != "/docs"])
def test_the_first_view_is_light_and_soon_usable(stage: Stage, browser: Browser, page: str) -> None:
    """`/docs` is left out: Swagger UI alone has 485 kB compressed. The aim of 1 s is measured by
    `make bench NAME=console_views`; here the time is told, and bounded for a machine that others use as well.
    """
    browser.open(address(stage, page))
    ready(browser)
    usable_s = browser.driver.execute_script(
        "const told = performance.getEntriesByType('navigation')[0]; return told.domContentLoadedEventEnd / 1000"
    )
    received = browser.traffic().received_bytes
    print(f"{page}: {received / 1000:.1f} kB, usable after {usable_s:.2f} s")
    assert received <= FIRST_VIEW_BYTES
    assert usable_s <= SANE_S


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_needs_no_scrolling_to_the_side(stage: Stage, browser: Browser, page: str) -> None:
    browser.resize(PHONE, 800)
    browser.open(address(stage, page))
    ready(browser)
    widths = browser.driver.execute_script("const page = document.documentElement; return [page.scrollWidth, page.clientWidth]")
    assert widths[0] <= widths[1] == PHONE, wide_things(browser)


@pytest.mark.parametrize("page", PAGES)
def test_the_command_of_a_page_gives_the_view_of_the_page(
    stage: Stage, browser: Browser, page: str, tmp_path: Path
) -> None:
    (tmp_path / "event.json").write_text("{}")  # what the dry run sends
    browser.open(address(stage, page, "?lang=zh"))
    command = f"{browser.one('footer pre code').get_attribute('textContent')} -sS"

    def told() -> Any:
        return json.loads(subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True).stdout)

    def seen() -> Any:
        return stage.get(page.replace("ADA", stage.ada))

    assert told().keys() == seen().keys()
    if page in STILL:
        stage.eventually(lambda: told() == seen())


@pytest.mark.parametrize("page", STILL)
def test_a_fresh_session_at_the_same_address_shows_the_same(stage: Stage, browser: Browser, other: Browser, page: str) -> None:
    for each in (browser, other):
        each.open(address(stage, page))
        ready(each)
    assert browser.text("main") == other.text("main")


def test_what_was_searched_is_in_the_address_and_comes_again_for_who_gets_it(
    stage: Stage, browser: Browser, other: Browser
) -> None:
    browser.open(f"{stage.url}/map")
    browser.one("input[name=q]").send_keys("lens\n")
    browser.eventually(lambda: "q=lens" in browser.driver.current_url)
    ready(browser)
    other.open(browser.driver.current_url)
    ready(other)
    assert other.text("main") == browser.text("main")
    assert other.one("input[name=q]").get_attribute("value") == "lens"


def test_one_switch_shows_all_times_in_the_readers_zone_and_is_remembered(stage: Stage, browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Shanghai"})
    browser.open(address(stage, "/people/ADA/revisions"))
    before = times(browser)
    assert before
    assert all(shown.endswith(" UTC") for _, shown in before)
    browser.one("#zone").click()
    after = times(browser)
    assert [at for at, _ in after] == [at for at, _ in before]
    assert not any(shown.endswith("UTC") for _, shown in after)
    assert hours_apart(before[0][1], after[0][1]) == 8
    browser.driver.refresh()
    assert times(browser) == after
    browser.one("#zone").click()
    assert times(browser) == before


@pytest.mark.parametrize("page", ["/", "/map", "/platforms/shop/check", "/events"])
def test_the_keyboard_reaches_the_navigation_the_form_and_its_button(stage: Stage, browser: Browser, page: str) -> None:
    browser.open(address(stage, page))
    reached = focused_by_tabs(browser, 40)
    assert {"a.skip", "nav a"} <= set(reached)
    assert "form input" in reached or "form textarea" in reached
    assert "form button" in reached


def test_the_first_key_leads_past_the_navigation(stage: Stage, browser: Browser) -> None:
    browser.open(f"{stage.url}/map")
    ActionChains(browser.driver).send_keys(Keys.TAB, Keys.ENTER).perform()
    browser.eventually(lambda: browser.driver.execute_script("return document.activeElement.id") == "main")


@pytest.fixture
def other() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.quit()


def ready(browser: Browser) -> None:
    """Scripts have run, and what they fetch has come: a picture, the description of the API."""
    browser.eventually(lambda: browser.driver.execute_script("return document.readyState") == "complete")
    if browser.all("#map"):
        browser.eventually(lambda: browser.one("#map").get_attribute("data-drawn") not in {None, "0"})
    if browser.all("#swagger"):
        browser.eventually(lambda: browser.all("#swagger .opblock"))


def times(browser: Browser) -> list[tuple[str, str]]:
    return [(each.get_attribute("datetime"), each.text) for each in browser.all("main time")]


def hours_apart(before: str, after: str) -> int:
    return (int(after[11:13]) - int(before[11:13])) % 24


def focused_by_tabs(browser: Browser, n: int) -> list[str]:
    kind = """
    const at = document.activeElement, tag = at.tagName.toLowerCase();
    if (at.matches('a.skip')) return 'a.skip';
    return (at.closest('nav') ? 'nav ' : at.closest('main form') ? 'form ' : '') + tag;
    """
    reached: list[Any] = []
    for _ in range(n):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        reached.append(browser.driver.execute_script(kind))
    return reached


def wide_things(browser: Browser) -> str:
    found = browser.driver.execute_script(
        "return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > arguments[0])"
        ".slice(0, 5).map(e => e.outerHTML.slice(0, 150))", PHONE,
    )
    return "\n".join(found)
