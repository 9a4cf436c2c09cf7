"""How soon a page of the console is usable, shows an event, and says that serve is gone. In Chromium.

Run as `make bench NAME=console_views`. The stage of the browser tests, hashed encoder. `first`: what Chromium says of its navigation
to a page, the scripts and styles loaded anew with each: answered, usable (DOMContentLoaded), painted (first contentful
paint); `cold` is each page's first load since serve started, `warm` those after it, loads of all pages in turn.
`live`: from publishing an event to its revision in the API, and from there to the open page. `stale`: from the kill of
serve to the badge. The last two by the clock of the machine, the page's end noted by the page itself.
"""

from __future__ import annotations

import argparse
import math
import time
from typing import Final

from tests.bench.report import emit
from tests.browser.page import Browser
from tests.browser.stage import SUBJECTS, Stage, people_of_the_stage
from tests.browser.test_whole import PAGES

Measures = dict[str, list[float]]

NAVIGATED: Final = """
const told = performance.getEntriesByType('navigation')[0];
const paint = performance.getEntriesByName('first-contentful-paint')[0];
return [told.responseEnd, told.domContentLoadedEventEnd, paint ? paint.startTime : NaN];
"""
#: Since 1970, seconds: when the text of the element becomes what is waited for.
SEEN_AT: Final = """
const [selector, name, wanted, done] = arguments;
const look = () => {
  const found = document.querySelector(selector);
  const told = name ? found?.getAttribute(name) : found?.textContent;
  if (!told?.startsWith(wanted)) return;
  watch.disconnect();
  done(Date.now() / 1000);
};
const watch = new MutationObserver(look);
watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
look();
"""
PAINTED_S: Final = 0.3
LONG_S: Final = 60.0


def first_views(stage: Stage, browser: Browser, loads: int) -> dict[str, Measures]:
    """Seconds of every page."""
    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.driver.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    browser.open("about:blank")
    found: dict[str, Measures] = {}
    for load in range(1 + loads):
        for page in PAGES:
            browser.open(stage.url + page.replace("ADA", stage.ada))
            time.sleep(PAINTED_S)
            told = browser.driver.execute_script(NAVIGATED)
            for what, milliseconds in zip(("answered", "usable", "painted"), told, strict=True):
                values = found.setdefault(page, {}).setdefault(f"{'warm' if load else 'cold'}_{what}_s", [])
                values.append(math.nan if milliseconds is None else milliseconds / 1000)
    return found


def live(stage: Stage, browser: Browser, events: int) -> Measures:
    """One event after the other, of one person."""
    items = [f"{subject}-{number}" for subject in SUBJECTS for number in range(5)]
    stage.did("watched", "shop.product.viewed", items[0])
    person = stage.profile_id("shop", "watched")
    stage.eventually(lambda: stage.get(f"/people/{person}")["n_events"] == 1)
    browser.open(f"{stage.url}/people/{person}")
    browser.eventually(lambda: browser.text("#freshness") == "live")
    found: Measures = {"to_the_api_s": [], "api_to_the_page_s": [], "to_the_page_s": []}
    for number in range(2, events + 2):
        published_s = time.time()
        stage.did("watched", "shop.product.viewed", items[number % len(items)])
        wanted = number
        stage.eventually(lambda: stage.get(f"/v1/profiles/{person}")["events_applied"] == wanted, LONG_S)  # noqa: B023
        readable_s = time.time()
        seen_s = browser.driver.execute_async_script(SEEN_AT, "#n-events", "data-value", str(number))
        for values, value in zip(found.values(), (readable_s - published_s, seen_s - readable_s, seen_s - published_s), strict=True):
            values.append(value)
    return found


def stale(stage: Stage, browser: Browser, kills: int) -> Measures:
    """Serve is killed, and started again for the next time."""
    found: Measures = {"to_the_badge_s": []}
    browser.open(f"{stage.url}/operations")
    for _ in range(kills):
        browser.eventually(lambda: browser.text("#freshness") == "live", LONG_S)
        serve = stage.processes.pop("serve")
        killed_s = time.time()
        serve.kill()
        serve.wait(10)
        seen_s = browser.driver.execute_async_script(SEEN_AT, "#freshness", "", "stale")
        found["to_the_badge_s"].append(seen_s - killed_s)
        stage.start_serve()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loads", type=int, default=10, help="of each page, after the first")
    parser.add_argument("--events", type=int, default=20, help="that an open page shows; 0 leaves this out")
    parser.add_argument("--kills", type=int, default=5, help="of serve; 0 leaves this out")
    asked = parser.parse_args()
    with Stage() as stage:
        stage.ada = people_of_the_stage(stage)
        browser = Browser(notes_traffic=False)
        browser.driver.set_script_timeout(LONG_S)
        try:
            emit("console first views", vars(asked), first_views(stage, browser, asked.loads), "/", "warm_usable_s")
            if asked.events:
                emit("console live", vars(asked), {"page": live(stage, browser, asked.events)}, "page")
            if asked.kills:
                emit("console stale", vars(asked), {"page": stale(stage, browser, asked.kills)}, "page")
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
