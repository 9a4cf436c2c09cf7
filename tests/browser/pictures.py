"""`python -m tests.browser.pictures OUT`: the pictures of the README, taken of the stage of the browser tests.

1280 wide, light, English; a page that is longer than a picture is cut at its lower end.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser.page import Browser
from tests.browser.stage import SUBJECTS, Stage, people_of_the_stage

WIDTH, HEIGHT = 1280, 800
#: The flow has to have flowed for a while to be worth a look.
FLOW_S, EVENTS_PER_S = 45, 40
#: Ada's, as the stage makes her.
EVENTS_BEFORE = 8


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with Stage() as stage:
        ada = people_of_the_stage(stage)
        did_more(stage, ada)
        browser = Browser(WIDTH, HEIGHT)
        try:
            browser.open(f"{stage.url}/people/{ada}?lang=en&theme=light")
            browser.eventually(lambda: "live" in browser.text("#freshness"))
            taken(browser, out / "person.png")
            browser.open(f"{stage.url}/operations?lang=en&theme=light")
            flowed(stage, browser)
            taken(browser, out / "flow.png")
        finally:
            browser.quit()


def did_more(stage: Stage, ada: str) -> None:
    """What Ada did on three platforms, with events that say what the items are, so that there are interests in words."""
    deeds = [
        ("ada", "shop.cart.added", "cooking", 3), ("ada", "shop.order.completed", "cooking", 2), ("ada", "shop.product.viewed", "photography", 2),
        ("ada.films", "video.video.liked", "photography", 1), ("ada.films", "video.video.liked", "cooking", 4),
        ("ada.reads", "news.article.disliked", "football", 1), ("ada.reads", "news.article.read", "gardening", 0),
    ]  # fmt: skip
    for who, kind, subject, number in deeds:
        item = {"item_id": f"{subject}-{number}", "title": SUBJECTS[subject][number], "category": subject}
        stage.did(who, kind, userid="u-ada", data={"item": item})
    stage.eventually(lambda: stage.get(f"/v1/profiles/{ada}")["events_applied"] >= EVENTS_BEFORE + len(deeds))


def flowed(stage: Stage, browser: Browser) -> None:
    """Events of a hundred people at a steady rate while the page is open."""
    subjects = list(SUBJECTS)
    for number in range(FLOW_S):
        for step in range(EVENTS_PER_S):
            who, item = f"person-{(number * EVENTS_PER_S + step) % 100}", f"{subjects[step % 4]}-{number % 5}"
            event = stage.event("shop", "product.viewed", subject=who, data={"item": {"item_id": item}})
            stage._produce("events.shop", who, event)
        stage.flush()
        before = browser.text("#flow")
        browser.eventually(lambda before=before: browser.text("#flow") != before)


def taken(browser: Browser, file: Path) -> None:
    browser.picture(file)
    print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
