"""`docs/add-platform.md` is done as it stands there, by a shell; only the ports are others, so that it runs beside anything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Final

import pytest

from streams.brokers.ports import free_ports
from tests.docs.pages import ROOT, Page, braid_in

pytestmark = pytest.mark.slow
PAGE = Page("docs/add-platform.md")
LIMIT_S: Final = 120
#: Port of the page to the setting that moves it; the broker's stands in the command alone.
PORTS: Final = {
    "9092": None, "8080": "BRAID_API__PORT", "9100": "BRAID_METRICS__PORT", "8001": "BRAID_INGEST_API__PORT",
    "9101": "BRAID_INGEST_API__OPERATOR_PORT",
}  # fmt: skip
MARK: Final = "---- end of block"


def script() -> str:
    """The shell blocks in order; a mark after each tells what was printed where."""
    return "\n".join(f"{block.text}\necho '{MARK}'" for block in PAGE.blocks if block.language == "sh")


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
    quick = {"BRAID_RECOMMEND__BEHAVIOUR": "false", "BRAID_KAFKA__SESSION_TIMEOUT_S": "3"}
    return kept | quick | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "COLUMNS": "120"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that looks as the repository's root does after `make setup`, with these sources behind `braid`."""
    braid_in(tmp_path / ".venv" / "bin")
    return tmp_path


def printed_by_the_blocks(root: Path) -> list[str]:
    text, settings = script(), environment(root)
    for (said, setting), free in zip(PORTS.items(), free_ports(len(PORTS)), strict=True):
        text = text.replace(said, str(free))
        settings |= {} if setting is None else {setting: str(free)}
    shell = subprocess.Popen(
        ["bash", "-e", "-c", text], cwd=root, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        printed, _ = shell.communicate(timeout=LIMIT_S)
    finally:
        _end_what_is_left(shell.pid)
    return printed.split(MARK)


def _end_what_is_left(group: int) -> None:
    """Nothing is, where the page's last step works."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.mark.requirement("A6")
def test_a_platform_joins_by_doing_what_the_page_says(root: Path) -> None:
    _, _, _, checked, ready, opened, sent, profile, refused, *rest = printed_by_the_blocks(root)
    assert "created events.shelf" in checked
    assert "ok    mapping files: shelf" in checked
    assert ready.count('"ready"') == 2
    assert '"ready"' in opened
    answers = [json.loads(line) for line in sent.split("\n") if line.startswith("{")]
    assert [answer["events"][0]["topic"] for answer in answers] == ["events.shelf", "events.shelf"]
    assert "shelf    │ 100%" in profile
    assert all(word in profile for word in ("vera lind", "astronomy", "shelf.book.borrowed"))
    assert json.loads(refused.strip())["events"][0]["code"] == "unknown_type"
    assert len(rest) == 2, "the last step ends as the others do"
