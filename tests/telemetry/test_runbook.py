"""Each alert has a page that says what to do, and each page an alert."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.cli.commands import app
from streams.telemetry.every import DECLARED
from streams.telemetry.rules.groups import ALERTS
from streams.telemetry.rules.structs import RUNBOOK
from tests.support.brokers import REPOSITORY
from tests.telemetry.expressions import known

PAGES = sorted((REPOSITORY / RUNBOOK).glob("*.md"))
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert {f"{RUNBOOK}/{page.name}" for page in PAGES} == {alert.runbook_url for alert in ALERTS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_the_four_parts_and_none_is_empty(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE))


def test_pages_name_metrics_and_commands_that_exist() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    commands |= {group.name for group in app.registered_groups}
    names = known().keys() | {metric.name for metric in DECLARED}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"\bbraid_\w+", text)) <= names, page.name
        assert set(re.findall(r"`braid ([a-z-]+)", text)) <= commands, page.name
