"""`docs/quickstart.md` is done as it stands there, on an embedded broker with the hashed encoder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.cli.commands import app
from streams.errors import BraidError
from tests.browser.stage import Stage
from tests.docs.pages import Page, here_documents, shell_lines
from tests.docs.test_commands import words_of

pytestmark = pytest.mark.slow
PAGE = Page("docs/quickstart.md")
#: What `braid profile shop me` says in turn: events by platform.
SAID = [{"shop": 1}, {"shop": 1, "video": 1}, {"shop": 1}]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with Stage() as stage:
        for name, value in stage._environment().items():
            if name.startswith("BRAID_"):
                monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        stage.publish_items()  # the demo has items of others, too
        yield stage
        for name in ("serve", "worker"):  # while the broker is there: without it a worker waits long to leave its group
            stage.stop(name)


def steps() -> Iterator[list[str]]:
    """Commands of the page in order; before one, the files that its block writes are written."""
    for block in PAGE.blocks:
        if block.language == "sh":
            for command, body in here_documents(block.text):
                Path(re.findall(r"> (\S+)", command)[0]).write_text(body, encoding="utf-8")
            yield from filter(None, map(words_of, shell_lines(block.text)))


@pytest.mark.requirement("B3", "B4", "Q5")
def test_the_quickstart_ends_as_it_says(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    def told(words: list[str]) -> Any:
        """What a command prints as JSON, None while it fails."""
        capsys.readouterr()
        try:
            app([*words, *([] if "--json" in words else ["--json"])], standalone_mode=False)
        except BraidError:
            return None
        lines = capsys.readouterr().out.splitlines()
        return [json.loads(line) for line in lines]

    def platforms(words: list[str]) -> dict[str, int]:
        (profile,) = told(words) or [{"platforms": {}}]
        return {name: sum(block["counts"].values()) for name, block in profile["platforms"].items()}

    expected = list(SAID)
    for words in steps():
        if words[0] == "replay":
            assert told(words)[0]["rejected"] == 0
        elif words[0] == "profile":
            said = expected.pop(0)
            stage.eventually(lambda words=words, said=said: platforms(words) == said)
        elif words[0] == "recommend":
            assert stage.eventually(lambda words=words: told(words))[0]["items"]
        elif words[0] == "tail":
            assert told(words) == []
        else:
            assert stage.eventually(lambda words=words: told(words))
    assert expected == []
