"""Every alert fires for what it is about, stays quiet for the nearest thing that is fine, and resolves."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from docs.monitoring_files import RULES
from streams.settings import Settings
from streams.telemetry.rules.groups import ALERTS
from streams.telemetry.rules.serving import MAX_DELTA_ROWS
from tests.support.brokers import REPOSITORY
from tests.telemetry.alert_cases import CASES
from tests.telemetry.promtool import Case, needs_promtool


@needs_promtool
@pytest.mark.requirement("Q3")
@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join((case.alert, *case.among.values())))
def test_an_alert_fires_stays_quiet_and_resolves(case: Case, tmp_path: Path) -> None:
    judged = case.judged(tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_every_alert_has_a_case() -> None:
    assert Counter(id(case.rule) for case in CASES) == Counter(map(id, ALERTS))


@needs_promtool
def test_a_case_that_is_wrong_fails(tmp_path: Path) -> None:
    (case,) = [case for case in CASES if case.alert == "BraidRecordsWait"]
    swapped = Case(**{**vars(case), "faulty": case.fine, "fine": case.faulty})
    assert swapped.judged(tmp_path).returncode == 1


@needs_promtool
def test_prometheus_reads_the_rules_and_the_configuration(tmp_path: Path) -> None:
    here = shutil.copytree(REPOSITORY / "deploy/prometheus", tmp_path / "prometheus")
    (here / "secrets").mkdir()
    (here / "secrets/metrics-key").write_text("a key")
    for arguments in (["rules", REPOSITORY / RULES], ["config", here / "prometheus.yml"]):
        checked = subprocess.run(["promtool", "check", *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_bound_of_the_rebuilds_is_the_setting_s() -> None:
    assert Settings().index.max_delta_rows == MAX_DELTA_ROWS
