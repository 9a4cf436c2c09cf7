"""The page about ingest: every request that it shows is accepted, and what it names exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from streams.cli.commands import app
from streams.ingest.segment_calls import CALLS
from streams.settings import IngestApi
from tests.support.ingest import GYM_KEY, SHOP_KEY, Asked, ingest_settings

PAGE = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text(encoding="utf-8")
REQUESTS = [
    shlex.split(block.replace("\\\n", " ")) for block in re.findall(r"```sh\n(curl .*?)```", PAGE, re.DOTALL)
]


@pytest.mark.parametrize("words", REQUESTS, ids=lambda words: words[1].rpartition("/")[2])
def test_every_request_of_the_page_is_accepted_as_a_whole(words: list[str], tmp_path: Path):
    asked = Asked(settings=ingest_settings(tmp_path))
    given = dict(zip(words[2::2], words[3::2], strict=True))
    content_type = given["-H"].removeprefix("Content-Type: ")
    key = GYM_KEY if "-u" in given else SHOP_KEY
    answer = asked.post(words[1].removeprefix("http://127.0.0.1:8001"), given["-d"].encode(), content_type, key)
    assert (answer.status_code, answer.json()["rejected"]) == (200, 0), answer.text
    assert all(verdict["code"] == "accepted" for verdict in answer.json()["events"])


def test_the_page_names_every_call_and_no_setting_that_is_not_there():
    assert all(f"`{call}`" in PAGE or f"/v1/{call}" in PAGE for call in CALLS)
    named = set(re.findall(r"(?:BRAID_INGEST_API|…)__([A-Z_]+)", PAGE))
    assert named
    assert named <= {name.upper() for name in IngestApi.model_fields}


def test_the_bounds_of_the_page_are_those_of_the_settings():
    api = IngestApi()
    assert (api.max_body_bytes, api.max_event_bytes) == (500 * 1024, 32 * 1024)
    assert "(500 KiB)" in PAGE
    assert "(32 KiB)" in PAGE
    assert f"({api.max_batch_events:,})" in PAGE
    assert f"({api.max_waiting:,})" in PAGE
    assert f"({api.confirm_s:g} s)" in PAGE


def test_the_command_of_the_page_is_there(capsys: pytest.CaptureFixture[str]):
    app(["ingest", "--help"], standalone_mode=False)
    assert "BRAID_INGEST_API__KEYS" in capsys.readouterr().out
