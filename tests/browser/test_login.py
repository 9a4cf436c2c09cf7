"""With keys: who comes with a browser logs in once, sees what the key's role may see, and nobody speaks for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from streams.serve.middleware import SESSION_COOKIE
from tests.browser.page import Browser
from tests.browser.stage import Stage

READ, ERASE, ADMIN = "read-key-0123456789abc", "erase-key-0123456789ab", "admin-key-0123456789ab"
PAGE = {"Accept": "text/html"}

pytestmark = pytest.mark.requirement("N14")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Stage]:
    keys = json.dumps({READ: "read", ERASE: "erase", ADMIN: "admin"})
    # No limit: without a key the tests of this file ask more often than people do, in whatever order they run.
    with Stage({"BRAID_API__KEYS": keys, "BRAID_API__ANONYMOUS_RATE_PER_S": "0"}, with_worker=False) as stage:
        yield stage


def log_in(browser: Browser, stage: Stage, key: str, path: str = "/") -> None:
    browser.open(stage.url + path)
    browser.one("input[name=key]").send_keys(f"{key}\n")
    browser.eventually(lambda: "/login" not in browser.driver.current_url or browser.all("[role=alert]"))


def test_a_page_sends_to_the_login_and_the_login_back_to_the_same_view(guarded: Stage, browser: Browser) -> None:
    log_in(browser, guarded, READ, "/map?q=pan&platform=shop")
    assert browser.driver.current_url == f"{guarded.url}/map?q=pan&platform=shop"
    assert browser.one("input[name=q]").get_attribute("value") == "pan"
    assert browser.errors() == []


def test_a_wrong_key_is_refused(guarded: Stage, browser: Browser) -> None:
    log_in(browser, guarded, "wrong-key-0123456789abc")
    assert "not known" in browser.text("[role=alert]")
    assert browser.driver.get_cookie(SESSION_COOKIE) is None


def test_the_cookie_is_out_of_the_reach_of_scripts_and_of_other_sites_and_holds_no_key(
    guarded: Stage, browser: Browser
) -> None:
    log_in(browser, guarded, READ)
    cookie = browser.driver.get_cookie(SESSION_COOKIE)
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert READ not in cookie["value"]
    assert SESSION_COOKIE not in browser.driver.execute_script("return document.cookie")
    assert READ not in browser.driver.page_source


def test_logging_out_ends_it(guarded: Stage, browser: Browser) -> None:
    log_in(browser, guarded, READ)
    browser.one(".choices form button").click()
    browser.eventually(lambda: "/login" in browser.driver.current_url)
    assert browser.driver.get_cookie(SESSION_COOKIE) is None
    browser.open(guarded.url + "/map")
    assert "/login" in browser.driver.current_url
    assert browser.errors() == []


def test_a_role_that_may_not_read_sees_no_page_and_no_fragment(guarded: Stage, browser: Browser) -> None:
    log_in(browser, guarded, ERASE)
    assert "403" in browser.text("h1")
    told = browser.driver.execute_async_script(
        "const done = arguments[0]; fetch('/map', {headers: {'HX-Request': 'true', Accept: 'text/html'}}).then(a => done(a.status))"
    )
    assert told == 403


@pytest.mark.parametrize("path", ["/", "/map", "/live", "/people/0123", "/operations", "/platforms", "/events"])
def test_without_a_key_nothing_is_shown_whatever_is_asked_for(guarded: Stage, path: str) -> None:
    for headers in ({"Accept": "application/json"}, {**PAGE, "HX-Request": "true"}, {"Accept": "text/event-stream"}):
        assert httpx.get(guarded.url + path, headers=headers).status_code == 401
    answer = httpx.get(guarded.url + path, headers=PAGE)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")


def test_the_key_in_a_header_shows_the_views_too(guarded: Stage) -> None:
    for key in (READ, ADMIN):
        assert guarded.get("/", Authorization=f"Bearer {key}")["platforms"]


def test_the_login_leads_to_no_other_host(guarded: Stage) -> None:
    for place in ("//evil.example", "https://evil.example", "/\\evil.example", "evil"):
        answer = httpx.post(f"{guarded.url}/login", data={"key": READ, "goes_on_at": place})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_page_of_another_origin_cannot_act_with_the_cookie(guarded: Stage, browser: Browser) -> None:
    """Its form sends the cookie along, since another port is the same site: the origin is what refuses it."""
    log_in(browser, guarded, ADMIN)
    form = (
        f'<form method=post action="{guarded.url}/people"><input name=platform value=shop>'
        "<input name=account value=ada><button>win</button></form>"
    ).encode()

    class Evil(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(form)

        def log_message(self, *_: object) -> None:
            pass

    evil = HTTPServer(("127.0.0.1", 0), Evil)
    thread = threading.Thread(target=evil.serve_forever, daemon=True)
    thread.start()
    try:
        browser.open(f"http://127.0.0.1:{evil.server_port}/")
        browser.one("button").click()
        browser.eventually(lambda: browser.driver.current_url.startswith(guarded.url))
        assert "401" in browser.text("h1")
    finally:
        evil.shutdown()
        thread.join()
        evil.server_close()


def test_the_command_of_a_page_asks_for_a_key_and_holds_none(guarded: Stage, browser: Browser) -> None:
    log_in(browser, guarded, READ, "/map")
    command = browser.one("footer pre code").get_attribute("textContent")
    assert '-H "Authorization: Bearer $BRAID_KEY"' in command
    assert READ not in command
