"""The boards are what the code says, and each panel can be read by somebody who did not make it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from deploy.boards.all import BOARDS
from docs.monitoring_files import DASHBOARDS, RULES, files
from tests.support.brokers import REPOSITORY

PANELS = [panel for board in BOARDS for panel in board["panels"] if panel["type"] != "row"]
#: Grafana's ids of the units that are used: a misspelt one is shown as a suffix.
UNITS = {"ops", "s", "short", "bytes", "percentunit", "dateTimeAsIso"}


def test_the_files_are_what_the_code_makes() -> None:
    for name, content in files().items():
        assert (REPOSITORY / name).read_text(encoding="utf-8") == content, f"{name}: run `make docs`"


def test_no_board_lies_there_that_the_code_does_not_make() -> None:
    there = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / DASHBOARDS).iterdir()}
    assert there | {RULES} == set(files())


def test_ids_and_titles_tell_boards_and_panels_apart() -> None:
    assert len({board["uid"] for board in BOARDS}) == len({board["title"] for board in BOARDS}) == len(BOARDS)
    for board in BOARDS:
        panels = board["panels"]
        assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_in_which_unit_from_the_chosen_source(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    for part in (panel, *panel["targets"]):
        assert part["datasource"]["uid"] == "${datasource}"
    for target in panel["targets"]:
        assert target["legendFormat"]
        assert "[5m]" not in target["expr"]
        assert "rate(" not in target["expr"] or "[$__rate_interval]" in target["expr"]


def test_panels_lie_beside_each_other() -> None:
    for board in BOARDS:
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not taken & cells, panel["title"]
            assert at["x"] + at["w"] <= 24, panel["title"]
            taken |= cells


def test_prometheus_calls_the_jobs_what_rules_and_boards_call_them() -> None:
    configured = yaml.safe_load((REPOSITORY / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    said = "".join(files().values()).replace('\\"', '"')
    named = set(re.findall(r'job="([^"]+)"', said))
    assert named >= {"braid-worker", "braid-serve", "braid-canary"}
    assert named <= {job["job_name"] for job in configured}


def test_grafana_finds_the_boards_and_their_source() -> None:
    provisioning = REPOSITORY / "deploy/grafana/provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/braid.yaml").read_text())["providers"]
    assert source["type"] == "prometheus"
    assert source["isDefault"]
    assert provider["type"] == "file"
    assert provider["options"]["path"]
    scraped = yaml.safe_load((REPOSITORY / "deploy/prometheus/prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scraped
    for board in BOARDS:
        assert json.loads(json.dumps(board)) == board
