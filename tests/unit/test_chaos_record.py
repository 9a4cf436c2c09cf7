"""Recorded runs survive a kill of the driver, are not run twice, and add up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chaos.__main__ import main
from tests.chaos.record import append, entry_of, read, seeds_done, summary_of
from tests.chaos.runs import Report
from tests.chaos.shots import Shot


def a_report(seed: int, *shots: Shot, violations: tuple[str, ...] = ()) -> Report:
    return Report(seed, Path("logs"), list(shots), list(violations), n_records=100, n_items=7, n_looks=3, took_s=12.0)


def recorded(file: Path, *reports: Report, nodes: int = 1) -> Path:
    for report in reports:
        append(file, entry_of(report, nodes, ""))
    return file


FIRED = Shot("kill-at-point", evidence="a: fired", recovery_s=4.0)
FAILED_TO_FIRE = Shot("clock-jump")


def test_the_summary_adds_up_what_fired_and_names_the_seeds_that_are_red_or_prove_nothing(tmp_path: Path) -> None:
    slow = Shot("kill-at-point", evidence="b: fired", recovery_s=8.0)
    file = recorded(
        tmp_path / "runs", a_report(1, FIRED), a_report(2, slow, violations=("lost",)), a_report(3, FAILED_TO_FIRE)
    )
    summary = summary_of(read([file]))
    assert (summary["runs"], summary["counted"], summary["violations"]) == (3, 2, 1)
    assert summary["faults"] == {"kill-at-point": {"fired": 2, "in_red_runs": 1}}
    assert summary["did_not_fire"] == {"clock-jump": 1}
    assert (summary["red_seeds"], summary["no_proof_seeds"]) == ([2], [3])
    assert (summary["records"], summary["items"], summary["marker_comparisons"]) == (300, 21, 9)
    assert (summary["recovery_s"]["p50"], summary["recovery_s"]["max"]) == (8.0, 8.0)


def test_a_line_cut_off_by_a_kill_is_run_again(tmp_path: Path) -> None:
    file = recorded(tmp_path / "runs", a_report(1, FIRED), a_report(2, FIRED))
    file.write_bytes(file.read_bytes()[:-20])
    assert seeds_done(file, 1, "") == {1}
    append(file, entry_of(a_report(2, FIRED), 1, ""))
    assert seeds_done(file, 1, "") == {1, 2}


def test_runs_on_another_number_of_brokers_are_not_done(tmp_path: Path) -> None:
    file = recorded(tmp_path / "runs", a_report(1, FIRED), nodes=3)
    assert seeds_done(file, 1, "") == set()
    assert seeds_done(file, 3, "") == {1}


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("hello\n{}\n")
    with pytest.raises(ValueError, match="line 1"):
        read([tmp_path / "other"])


@pytest.mark.parametrize(
    ("reports", "code"),
    [
        ([a_report(1, FIRED)], 0),
        ([a_report(1, FIRED), a_report(2, FIRED, violations=("lost",))], 1),
        ([a_report(1, FIRED), a_report(2, FAILED_TO_FIRE)], 3),
        ([], 3),
    ],
)
def test_the_exit_code_of_a_summary_is_that_of_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reports: list[Report], code: int
) -> None:
    file = recorded(tmp_path / "runs", *reports)
    assert main(["--summary", str(file)]) == code
    assert json.loads(capsys.readouterr().out)["runs"] == len(reports)
