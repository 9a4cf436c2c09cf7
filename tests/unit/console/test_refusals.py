"""Who is refused is told in their own language; programs get the API's own words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import httpx
import pytest
from fastapi import APIRouter

from streams.console.app import add_console
from streams.console.live import Live
from streams.console.operations_people_pages import Trouble
from streams.console.parts import ConsoleParts
from streams.console.refusals import Refused, in_words, word_of
from streams.console.words import catalogue
from streams.serve.api import create_api
from streams.serve.problems import Problem
from tests.support.serving import Town, answering

STREAMS = Path(__file__).parents[3] / "streams"
#: Given below /v1 alone, which shows no pages.
OF_PROGRAMS = {"invalid_vector", "unknown_item", "account_urls_off", "similar_people_off"}
CHINESE = {"Accept": "text/html", "Accept-Language": "zh"}


def codes_in_the_code() -> set[str]:
    """Of every refusal that is made, and of the troubles of a preview, which become one."""
    found = {trouble for trouble in get_args(Trouble) if trouble}
    for path in [*(STREAMS / "serve").glob("*.py"), *(STREAMS / "console").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Problem", "Refused"}:
                code = node.args[1]
                found |= {code.value} if isinstance(code, ast.Constant) else set()
    return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[httpx.Client]:
    town = Town(tmp_path)
    app = create_api(town.parts)
    router = APIRouter()

    @router.get("/refuses/{code}")
    def refuses(code: str) -> None:
        raise Problem(503, code, "topic audit: timed out", "try again")

    app.include_router(router)
    add_console(app, ConsoleParts(town.parts, Live(), ("shop",)))
    with answering(app) as url, httpx.Client(base_url=url) as client:
        yield client
    town.close()


def test_every_code_that_a_page_can_show_has_its_chinese() -> None:
    codes = codes_in_the_code()
    assert codes >= OF_PROGRAMS
    assert sorted(code for code in codes - OF_PROGRAMS if word_of(code) not in catalogue("zh")) == []


def test_no_chinese_is_left_of_a_code_that_is_gone() -> None:
    told = {words.removeprefix("refusal.") for words in catalogue("zh") if words.startswith("refusal.")}
    assert sorted(told - codes_in_the_code()) == []


def test_a_refusal_is_told_in_the_language_of_the_reader(site: httpx.Client) -> None:
    chinese, english = site.get("/nothing-here", headers=CHINESE), site.get("/nothing-here", headers={"Accept": "text/html"})
    assert (chinese.status_code, english.status_code) == (404, 404)
    assert "没有这个地址的页面" in chinese.text
    assert "there is no page" not in chinese.text
    assert "there is no page of this address. go to the start page." in english.text


def test_what_failed_this_one_time_stands_beside_the_words_for_the_code(site: httpx.Client) -> None:
    told = site.get("/refuses/unavailable", headers=CHINESE).text
    assert catalogue("zh")[word_of("unavailable")] in told
    assert "topic audit: timed out" in told
    assert "topic audit: timed out" not in site.get("/refuses/busy", headers=CHINESE).text


def test_a_code_without_words_keeps_the_words_of_the_api(site: httpx.Client) -> None:
    assert in_words("zh", Refused(418, "teapot", "no coffee", "ask a pot")) == "no coffee. ask a pot."
    assert "topic audit: timed out. try again." in site.get("/refuses/unheard-of", headers=CHINESE).text


def test_programs_get_the_words_of_the_api_whatever_their_language(site: httpx.Client) -> None:
    told = site.get("/refuses/busy", headers={"Accept": "application/json", "Accept-Language": "zh"})
    assert told.json() == {"code": "busy", "message": "topic audit: timed out", "remedy": "try again"}
