"""The fuzz driver finds what is wrong, says so in a file that replays, and is repeatable; short runs of every gate."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import structlog

from tests.fuzz import __main__ as driver
from tests.fuzz import runs
from tests.fuzz.event_gates import event_seeds
from tests.fuzz.findings import FindingFiles, Violation, read_finding
from tests.fuzz.gates import GATES, Entry
from tests.fuzz.mutations import Mutator, Parts
from tests.fuzz.runs import GateRun

pytestmark = pytest.mark.requirement("A7")
#: Those that read records; RuntimeWarning and the like are errors here.
QUICK = ["mapped-events", "items", "mapping-files", "http"]


class Planted:
    """A gate with three faults: it takes too long on 0x00, loses what begins with 0xff, and fails on an empty input."""

    name = "planted"
    n_at_once = 16

    def seeds(self) -> list[Parts]:
        return [(b"valid input",)]

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        return [self._outcome(case[0] or b"") for case in cases]

    def _outcome(self, value: bytes) -> str:
        if value[:1] == b"\xff":
            raise Violation("lost")
        if b"\x00" in value:
            until_s = time.process_time() + 1.2 * runs.BOUND_S
            while time.process_time() < until_s:
                pass
        return f"{len(value) // len(value)}"


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GATES, "planted", Entry(Planted, 1.0))
    monkeypatch.setattr(runs, "BOUND_S", 0.05)  # hundreds of the inputs take longer than it
    monkeypatch.setattr(runs, "SECOND_LOOKS", 1)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """The driver silences the process that it thinks is its own."""
    # Not the defaults: loggers that a command has set up would go on without whoever captures logs after this.
    before = structlog.get_config()["wrapper_class"]
    yield
    structlog.configure(wrapper_class=before)


@pytest.mark.usefixtures("planted")
def test_crashes_losses_and_hangs_are_told_apart_and_replay(tmp_path: Path) -> None:
    files = FindingFiles(tmp_path)
    run = GateRun("planted", 1, files.add)
    for value in (b"", b"\xff.", b"\x00"):
        run.judge([(b"sound",), (value,), (b"sound",)])
    kinds = [kind.partition(": ")[2].split()[0] for kind in files.n_of]
    assert kinds == ["ZeroDivisionError", "Violation", "Hang"]
    assert run.report.outcomes["FINDING"] == 3
    for path in tmp_path.glob("*.finding"):
        assert len(read_finding(path).cases) == 1
        assert driver.main(["--replay", str(path)]) == 1


@pytest.mark.usefixtures("planted")
def test_a_run_that_found_something_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "--gate",
        "planted",
        "--inputs",
        "2000",
        "--findings",
        str(tmp_path),
        "--json",
        str(tmp_path / "report.json"),
    ]
    assert driver.main(arguments) == 1
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said == json.loads((tmp_path / "report.json").read_text())
    assert said["n_inputs"] >= 2_000
    assert sum(said["gates"]["planted"]["outcomes"].values()) >= said["n_inputs"]


def test_the_same_seed_bends_the_same_way() -> None:
    first, second, other = (Mutator(random.Random(seed), event_seeds()) for seed in (7, 7, 8))
    inputs = [[mutator.case() for _ in range(200)] for mutator in (first, second, other)]
    assert inputs[0] == inputs[1] != inputs[2]


@pytest.mark.parametrize("name", QUICK)
def test_a_few_hundred_bent_inputs_do_a_gate_no_harm(name: str, tmp_path: Path) -> None:
    files = FindingFiles(tmp_path)
    run = GateRun(name, 11, files.add)
    while run.report.n_inputs < 500:
        run.step(500)
    assert files.n_of == {}
    assert len(run.report.outcomes) > 2
