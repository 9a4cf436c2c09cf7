"""The map draws without a GPU, is whole without a picture, and stays as it is when items come."""

from __future__ import annotations

from typing import Any

from selenium.webdriver.common.action_chains import ActionChains

from tests.browser.page import Browser
from tests.browser.stage import Stage

PAINTED = """
const canvas = document.getElementById('map'), pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
let n = 0; for (let at = 3; at < pixels.length; at += 4) if (pixels[at]) n++;
return n;
"""


def open_map(browser: Browser, stage: Stage, query: str = "") -> None:
    browser.open(f"{stage.url}/map{query}")
    browser.eventually(lambda: int(browser.one("#map").get_attribute("data-drawn") or 0))


def places(stage: Stage) -> dict[str, tuple[float, float]]:
    found = stage.get("/map?q=pan")["found"]
    return {item["key"]: (item["x"], item["y"]) for item in found}


def centres(view: dict[str, Any]) -> dict[str, tuple[float, float]]:
    return {each["name"]: (each["x"], each["y"]) for each in view["categories"]}


def test_the_map_draws_with_webgl_and_webgpu_off(stage: Stage, browser: Browser) -> None:
    open_map(browser, stage)
    for kind in ("webgl", "webgl2"):
        assert browser.driver.execute_script(f"return document.createElement('canvas').getContext('{kind}') === null")
    has_gpu = "const done = arguments[0]; (navigator.gpu?.requestAdapter() ?? Promise.resolve(null)).then(found => done(!!found))"
    assert not browser.driver.execute_async_script(has_gpu)
    assert browser.one("#map").get_attribute("data-drawn") == "120"
    assert browser.driver.execute_script(PAINTED) > 1_000
    assert browser.errors() == []


def test_everything_is_drawn_at_phone_width_too(stage: Stage, browser: Browser) -> None:
    browser.resize(390, 800)
    open_map(browser, stage, f"?person={stage.ada}&q=pan")
    assert browser.driver.execute_script(PAINTED) > 500
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= 390
    assert browser.errors() == []


def test_words_find_items_and_the_list_leads_on_to_neighbours_by_keyboard(stage: Stage, browser: Browser) -> None:
    open_map(browser, stage)
    browser.one("input[name=q]").send_keys("tomato seeds\n")
    browser.eventually(lambda: "q=tomato" in browser.driver.current_url)
    first = browser.one("ol.marks a")
    assert first.text == "Tomato seeds"
    browser.driver.execute_script("arguments[0].focus()", first)
    ActionChains(browser.driver).send_keys("\n").perform()
    browser.eventually(lambda: "item=" in browser.driver.current_url)
    assert "Tomato seeds" in browser.text("#item-name")
    neighbours = [each.text for each in browser.all("ol.marks a")]
    shown = stage.get(f"/map?{browser.driver.current_url.partition('?')[2]}")
    assert neighbours == [each["title"] for each in shown["found"]]
    assert browser.errors() == []


def test_neighbours_are_those_of_the_api(stage: Stage) -> None:
    shown = stage.get("/map?item=shop%3Acooking-0&platform=video")
    told = stage.get("/v1/items/shop/cooking-0/similar?to_platform=video&k=20")["items"]
    assert [each["key"] for each in shown["found"]] == [each["key"] for each in told]
    assert shown["item"]["title"] == "Cast iron frying pan"


def test_a_person_is_marked_with_interests_and_recent_items(stage: Stage, browser: Browser) -> None:
    open_map(browser, stage, f"?person={stage.ada}")
    profile = stage.get(f"/v1/profiles/{stage.ada}")
    explained = stage.get(f"/v1/profiles/{stage.ada}/explanation")["interests"]
    interests = [each.get_attribute("data-name") for each in browser.all("[data-mark=interest]")]
    assert interests == [each["label"] for each in explained]
    assert interests
    items = {event["item"] for event in profile["recent"] if event["item"]}
    assert len(browser.all("[data-mark=recent]")) == len(items)
    assert browser.errors() == []


def test_a_click_on_the_picture_chooses_the_item_that_lies_there(stage: Stage, browser: Browser) -> None:
    open_map(browser, stage)
    category = next(each for each in stage.get("/map")["categories"] if each["name"] == "football")
    canvas = browser.one("#map")
    right, down = (category["x"] - 0.5) * canvas.size["width"], (0.5 - category["y"]) * canvas.size["height"]
    ActionChains(browser.driver).move_to_element_with_offset(canvas, round(right), round(down)).click().perform()
    browser.eventually(lambda: "item=" in browser.driver.current_url)
    assert "near=" not in browser.driver.current_url
    assert "football" in browser.text("#item-name + p")
    assert browser.errors() == []


def test_a_legend_names_every_colour_and_leads_to_an_item_in_the_middle(stage: Stage, browser: Browser) -> None:
    open_map(browser, stage)
    assert [each.get_attribute("data-name") for each in browser.all("#categories li")] == [
        "cooking", "football", "gardening", "photography"
    ]  # fmt: skip
    browser.one("#categories li:first-child a").click()
    browser.eventually(lambda: browser.all("#item-name"))
    assert "cooking" in browser.text("#item-name + p")
    assert browser.errors() == []


def test_an_item_or_a_person_that_is_not_there_is_said_and_breaks_nothing(stage: Stage, browser: Browser) -> None:
    open_map(browser, stage, "?item=shop%3Anothing")
    assert "no such item" in browser.text("[role=alert]")
    open_map(browser, stage, "?person=0000")
    assert "no profile" in browser.text("[role=alert]")
    assert browser.errors() == []


def test_a_new_item_and_a_restart_move_nothing() -> None:
    with Stage(with_worker=True) as stage:
        stage.publish_items()
        stage.eventually(lambda: stage.get("/map")["n_items"] == 120, 90.0)
        before, middles = places(stage), centres(stage.get("/map"))
        new = {"item_id": "new", "title": "Cast iron pan for gardening and football", "category": "new"}
        stage._produce("items", "shop:new", stage.event("shop", "item.upserted", data={"item": new}))
        stage.flush()
        with_new = stage.eventually(lambda: stage.get("/map") if stage.get("/map")["n_items"] == 121 else None)
        after = places(stage)
        assert {key: after[key] for key in before.keys() & after.keys()} == {
            key: before[key] for key in before.keys() & after.keys()
        }
        assert {name: centres(with_new)[name] for name in middles} == middles
        stage.stop("serve")
        stage.start_serve()
        again = stage.eventually(lambda: stage.get("/map") if stage.get("/map")["n_items"] == 121 else None)
        assert again["points"] == with_new["points"]
        assert again["categories"] == with_new["categories"]
