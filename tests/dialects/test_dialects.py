"""A6: what the vendors document is read as it is; the files say what becomes of each sample."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from streams.adapters.mapping_files import load_mappings, shipped_dialects
from tests.dialects.golden import HERE, dialects, golden, outcomes

pytestmark = pytest.mark.requirement("A6")


def test_every_shipped_dialect_has_samples() -> None:
    assert dialects() == shipped_dialects()


@pytest.mark.parametrize("dialect", dialects())
def test_each_sample_becomes_what_the_file_says(dialect: str) -> None:
    assert list(outcomes(dialect)) == golden(dialect)


@pytest.mark.parametrize("dialect", dialects())
def test_the_samples_hold_what_counts_what_is_left_out_and_what_is_refused(dialect: str) -> None:
    found = [outcome["outcome"] for outcome in golden(dialect)]
    assert len(found) >= 20
    assert {"counts", "left out", "dead letter"} <= set(found)


@pytest.mark.parametrize("dialect", dialects())
def test_no_two_samples_are_the_same_event(dialect: str) -> None:
    events = [outcome["cloudevent"] for outcome in golden(dialect) if "cloudevent" in outcome]
    assert len({(event["source"], event["id"]) for event in events}) == len(events)


def test_the_documented_file_of_a_database_is_one(tmp_path: Path) -> None:
    page = Path("docs/platforms.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
    assert load_mappings(tmp_path)["shop"].types["reviews:c"] == "review.posted"


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("dialect", dialects())
def test_what_is_wrong_is_told_without_a_value(dialect: str) -> None:
    samples = (HERE / dialect / "events.jsonl").read_text(encoding="utf-8").splitlines()
    for line, outcome in zip(samples, golden(dialect), strict=True):
        person = (json.loads(line) or {}).get("userId") or (json.loads(line) or {}).get("user_id")
        assert person is None or str(person) not in outcome.get("detail", "")
