"""`docs/mcp.md` says what the tools are, and its program runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.serve.api_keys import KeyGrant
from streams.serve.audit import TOOLS_PATH
from streams.tools_server.tools import TOOLS
from tests.docs.pages import Page
from tests.support.assistants import with_tools
from tests.support.serving import opened, subject_items

PAGE = Page("docs/mcp.md")
KEY = "read-key-of-the-tests"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    for town in opened(tmp_path, keys={KEY: KeyGrant("read", "site")}):
        town.publish_items(subject_items())
        with with_tools(town) as url:
            yield url


def test_the_table_names_every_tool_in_order() -> None:
    rows = [line.split(" | ")[0].strip("|` ") for line in PAGE.text.splitlines() if line.startswith("| `")]
    assert rows == [tool.name for tool in TOOLS]


def test_the_configuration_names_the_address_that_is_served() -> None:
    (block,) = (block for block in PAGE.blocks if block.language == "json")
    assert json.loads(block.text)["mcpServers"]["braid"]["url"].endswith(TOOLS_PATH)


def test_the_program_of_the_page_prints_what_the_person_is_recommended(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = (block for block in PAGE.blocks if block.language == "python")
    program = block.text.replace("http://127.0.0.1:8080/mcp", f"{url}/mcp")
    program = program.replace("the key that `braid keys new` printed", KEY)
    assert url in program
    assert KEY in program
    exec(compile(program, str(block), "exec"), {"__name__": "page"})
    assert len(json.loads(capsys.readouterr().out)["items"]) == 3
