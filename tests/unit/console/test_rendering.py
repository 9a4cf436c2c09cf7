"""One address answers with a page, a fragment or JSON; every page says who may run what on it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from streams.console.addresses import with_query
from streams.console.app import add_console, add_docs
from streams.console.live import Live
from streams.console.parts import ConsoleParts
from streams.console.templating import sayer
from streams.console.words import LANGUAGES
from streams.serve.api import create_api
from streams.service.item_map import ItemMap
from tests.support.kept_projection import MemoryProjection
from tests.support.serving import MODEL, Town, answering

PAGE = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


@pytest.fixture
def site(town: Town) -> Iterator[httpx.Client]:
    app = create_api(town.parts)
    parts = ConsoleParts(town.parts, Live(), ("shop", "video"), ItemMap(town.items, MODEL.label, MemoryProjection()))
    add_console(app, parts)
    with answering(app) as url, httpx.Client(base_url=url) as client:
        yield client


def policy_of(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: said for name, _, said in parts}


def test_one_address_is_a_page_a_fragment_or_json(site: httpx.Client) -> None:
    page, fragment = site.get("/", headers=PAGE), site.get("/", headers={**PAGE, "HX-Request": "true"})
    assert page.text.lstrip().startswith("<!doctype html>")
    assert "<html" not in fragment.text
    assert "<h1>" in fragment.text
    assert site.get("/", headers=JSON).json()["platforms"] == ["shop", "video"]


@pytest.mark.parametrize("path", ["/", "/map", "/docs", "/nothing-here"])
def test_a_page_allows_its_own_scripts_by_nonce_and_nothing_of_others(site: httpx.Client, path: str) -> None:
    page = site.get(path, headers=PAGE)
    policy = policy_of(page)
    nonces = set(re.findall(r'<script nonce="([^"]+)"', page.text))
    assert {policy["script-src"]} == {f"'nonce-{nonce}'" for nonce in nonces}
    assert len(re.findall(r"<script", page.text)) == len(re.findall(r"<script nonce", page.text))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"<[^>]+ (style|on\w+)=", page.text)


def test_no_two_answers_have_the_same_nonce(site: httpx.Client) -> None:
    nonces = {policy_of(site.get("/", headers=PAGE))["script-src"] for _ in range(3)}
    assert len(nonces) == 3


def test_a_page_is_compressed_and_what_comes_again_and_again_is_not(site: httpx.Client) -> None:
    assert site.get("/", headers=PAGE).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in site.get("/", headers={**PAGE, "HX-Request": "true"}).headers
    assert "content-encoding" not in site.get("/", headers={**PAGE, "Accept-Encoding": "identity"}).headers


def test_the_address_says_how_a_page_looks_and_the_browser_remembers(site: httpx.Client) -> None:
    page = site.get("/?lang=zh&theme=dark", headers=PAGE)
    assert ('lang="zh-CN"' in page.text, 'data-theme="dark"' in page.text) == (True, True)
    assert 'lang="zh-CN"' in site.get("/", headers=PAGE).text
    assert 'data-theme="light"' in site.get("/?theme=light", headers=PAGE).text
    assert 'data-theme="auto"' in httpx.get(f"{site.base_url}/?theme=<b>", headers=PAGE).text


def test_what_refuses_a_page_is_a_page_for_a_browser_and_a_problem_for_a_program(site: httpx.Client) -> None:
    for path, status in (("/nothing-here", 404), ("/map?near=there", 422)):
        page, told = site.get(path, headers=PAGE), site.get(path, headers=JSON)
        assert (page.status_code, told.status_code) == (status, status)
        assert "<h1>" in page.text
        assert set(told.json()) == {"code", "message", "remedy"}


def test_words_are_said_and_filled_in_and_nobody_elses_words_are_trusted() -> None:
    english, chinese = (sayer(language) for language in LANGUAGES)
    assert (english("People"), chinese("People")) == ("People", "人物")
    assert english("%(drawn)s of %(all)s items.", drawn="<b>", all=3) == "&lt;b&gt; of 3 items."
    assert chinese("<script>100%</script>") == "&lt;script&gt;100%&lt;/script&gt;"


def a_request(path: str, query: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []})


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_an_address_is_one_word_to_a_shell(path: str, query: dict[str, str]) -> None:
    """It is shown as a command to be copied: whoever made the link must not write commands into it."""
    path = "/" + path.encode("utf-8", "replace").decode()
    address = with_query(a_request(path, str(httpx.QueryParams({k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for k, v in query.items()}))))  # fmt: skip
    assert shlex.split(f"curl '{address}'") == ["curl", address]
    assert "'" not in address


def test_a_parameter_that_is_there_twice_stays_there_twice() -> None:
    request = a_request("/live", "person=a&person=b&lang=zh")
    assert with_query(request, lang=None) == "/live?person=a&person=b"
    assert with_query(request, person="c", lang=None) == "/live?person=c"


def test_the_docs_name_every_operation_and_load_nothing_from_anywhere(site: httpx.Client) -> None:
    told = site.get("/docs", headers=JSON).json()
    paths = site.get("/openapi.json").json()["paths"]
    assert len(paths) >= 12
    assert {operation["path"] for operation in told["operations"]} == set(paths)
    page = site.get("/docs", headers=PAGE).text
    loaded = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page)
    assert loaded
    assert all(urlsplit(url).netloc == "" and site.get(url).status_code == 200 for url in loaded)
    assert site.get("/redoc").status_code == 404


def test_the_docs_are_there_without_a_console_and_lead_to_no_page_of_it(town: Town) -> None:
    app = create_api(town.parts)
    add_docs(app, town.parts)
    with answering(app) as url, httpx.Client(base_url=url, headers=PAGE) as bare:
        page = bare.get("/docs")
        assert page.status_code == 200
        paths = set(re.findall(r'(?:href|src|action)="(/[^"?]*)', page.text))
        assert {"/docs", "/openapi.json"} <= paths
        assert {path: bare.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
        assert bare.get("/").status_code == 404


def test_pages_are_no_operations_of_the_api(site: httpx.Client) -> None:
    assert all(path.startswith(("/v1/", "/healthz", "/readyz", "/metrics")) for path in site.get("/openapi.json").json()["paths"])


def test_an_application_without_a_map_has_no_page_of_it(town: Town) -> None:
    app: FastAPI = create_api(town.parts)
    add_console(app, ConsoleParts(town.parts, Live(), ("shop",)))
    with answering(app) as url:
        assert httpx.get(f"{url}/map", headers=PAGE).status_code == 404
