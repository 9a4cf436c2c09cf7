"""`docs/platforms.md` says what the code does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from streams.adapters.cloudevents import decode
from streams.adapters.mapping_fields import EPOCH_UNITS, NUMBER_UNITS
from streams.adapters.mapping_files import shipped_dialects
from streams.domain.actions import ActionTable
from streams.domain.platforms import Platform
from streams.domain.reasons import MEANING
from streams.service.normalise import Normaliser
from tests.support.cloud_events import a_record

PAGE = Path("docs/platforms.md").read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    (body,) = re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", PAGE, re.DOTALL)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in body.strip().splitlines()[2:]]


def test_every_action_is_documented_as_it_is() -> None:
    actions = ActionTable()
    expected = []
    for name in actions:
        action = actions.get(name)
        assert action is not None
        takes = "–" if action.takes == "none" else action.takes
        row = [f"`{name}`", f"{action.weight:g}", takes, action.facet, " or ".join(action.needs) or "–"]
        expected += [] if action.control else [row]
    assert table("actions") == expected


def test_every_reason_is_documented() -> None:
    assert table("reasons") == [[f"`{reason}`", meaning] for reason, meaning in MEANING.items()]


def test_the_units_and_dialects_are_all_named() -> None:
    for word in (*NUMBER_UNITS, *EPOCH_UNITS, *shipped_dialects()):
        assert re.search(rf"\b{word}\b", PAGE), word


def test_the_example_event_passes_the_gate() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    batch = Normaliser(b"0" * 16, lambda _: decode).normalise([a_record(json.loads(text))], Platform("shop"))
    assert len(batch.events) == 1


def test_the_example_mapping_is_part_of_the_file_that_runs() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    whole: dict[str, Any] = tomllib.loads(Path("docs/mappings/health.toml").read_text(encoding="utf-8"))
    for name, section in tomllib.loads(text).items():
        assert section.items() <= whole[name].items()
