"""`braid evaluate`: figures in JSON, tables, a picture, and a remedy for wrong use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.errors import UsageError
from tests.support.cloud_events import a_cloud_event, an_item
from tests.support.small_logs import DAY_S, NEW_YEAR_S, a_folder

ITEMS = [{"item_id": f"i{row}", "platform": "food", "title": f"tea {row}"} for row in range(20)]
NAMES = {"random", "popularity", "recent_popularity_7d", "recent_popularity_30d", "item_knn", "tfidf", "item_knn_tfidf"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    events = [f"u{row % 4},food,i{row % 20},{int(NEW_YEAR_S + row * DAY_S)},{row}" for row in range(40)]
    return a_folder(tmp_path / "data", events, ITEMS)


def ran(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["evaluate", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def figures(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text()))


@pytest.mark.requirement("N1")
def test_every_method_gets_a_row_by_platform_and_over_all(folder, tmp_path):
    ran(str(folder), "--protocols", "P2", "--json", str(tmp_path / "out.json"))
    found = figures(tmp_path / "out.json")
    by_method = {(row["method"], row["platform"]) for row in found["rows"]}
    assert by_method >= {(name, platform) for name in NAMES for platform in ("food", "all")}
    for row in found["rows"]:
        assert row["protocol"] == "P2"
        assert row["ci95"][0] <= row["hr10"] <= row["ci95"][1]
        assert row["ndcg10"] <= row["hr10"]
    assert {row["grouping"] for row in found["groups"]} == {"activity"}
    assert found["settings"] == {
        "data": "data", "protocols": ["P2"], "methods": [], "split": "test", "seed": 0, "limit_targets": None,
    }  # fmt: skip


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    for file in (first, second):
        ran(
            str(folder), "--methods", "popularity,item_knn", "--limit-targets", "10", "--seed", "7", "--json", str(file)
        )
    assert first.read_bytes() == second.read_bytes()


def test_a_report_and_a_picture_are_written(folder, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `evaluate` is not installed")
    report, picture = tmp_path / "report.md", tmp_path / "figures.svg"
    ran(str(folder), "--methods", "random,popularity", "--report", str(report), "--plot", str(picture))
    assert "## Fairness" in report.read_text()
    assert picture.read_text().startswith("<?xml")


@pytest.mark.requirement("N1")
def test_what_serve_would_answer_gets_a_row_where_it_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BRAID_ENCODER__MODEL", "hashed")
    names, out = ("braid_served", "braid_served_diverse"), tmp_path / "out.json"
    ran(str(folder), "--protocols", "P2", "--methods", ",".join(names), "--limit-targets", "5", "--json", str(out))
    rows = [row for row in figures(out)["rows"] if row["platform"] == "all"]
    assert [(row["method"], row["n"]) for row in rows] == [(name, 5) for name in names]


@pytest.mark.requirement("N4")
def test_fairness_is_exported_as_metrics(folder, tmp_path):
    ran(str(folder), "--protocols", "P2", "--methods", "popularity", "--metrics", str(tmp_path / "braid.prom"))
    found = (tmp_path / "braid.prom").read_text()
    assert 'braid_evaluation_hit_rate{method="popularity",platform="all",protocol="P2"}' in found
    for name in ("braid_evaluation_parity_difference", "braid_evaluation_coverage_gap"):
        assert f'{name}{{group="at most' in found


def test_a_folder_of_cloud_events_is_streamed(tmp_path):
    lines = [
        json.dumps(
            a_cloud_event(
                id=f"e-{row}", subject=f"u-{row % 3}", time=f"2024-05-{1 + row:02d}T10:00:00Z",
                data={"item": an_item(item_id=f"sku-{row * 7 % 20}")},
            )
        )
        for row in range(28)
    ]  # fmt: skip
    (tmp_path / "events.jsonl").write_text("\n".join([*lines, "no event"]) + "\n")
    out = ran(str(tmp_path), "--methods", "popularity", "--json", str(tmp_path / "out.json"))
    assert "1 lines that are no records" in out
    row = figures(tmp_path / "out.json")["rows"][-1]
    assert (row["protocol"], row["platform"]) == ("stream", "all")
    assert row["n"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--protocols", "P9"], "--protocols P9"),
        (["--methods", "guessing"], "--methods guessing"),
        (["--plot", "figures.gif"], "--plot figures.gif"),
        (["--json", "absent/out.json"], "no folder absent"),
    ],
)
def test_wrong_use_names_the_option_and_the_remedy(folder, arguments, message):
    with pytest.raises(UsageError, match=message):
        ran(str(folder), *arguments)
