"""The first minute: the demo as a newcomer runs it, and what it says when it cannot run."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest

from streams.cli.demo.plan import DemoPlan
from streams.cli.demo.preflight import preflight

pytestmark = pytest.mark.slow
BRAID = [sys.executable, "-m", "streams"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BRAID, *arguments], capture_output=True, text=True, timeout=280, check=False, env=os.environ | environment
    )


@pytest.mark.requirement("K1", "K6", "H9", "A1", "A2", "A3", "A4", "A5")
def test_the_demo_accounts_for_every_event_and_ends_with_the_contracts_line() -> None:
    done = run("demo", "--once", "--json", "--events", "1500", "--rate", "2000", "--model", "hashed")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    line = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(line) == {
        "events_published", "events_applied", "duplicates", "dead_letters", "profiles", "items", "recommended",
        "events_per_s", "latency_ms",
    }  # fmt: skip
    assert line["events_published"] == 1500 + 75 + 30
    assert line["dead_letters"] == 30
    assert line["items"] == 2100
    assert 100 <= line["profiles"] <= 260  # 240 people; the demo itself counts how many it must be, to the last one
    assert line["recommended"] >= 6  # so few events may leave the people of the story out; the newcomer is always told
    assert 0 < line["latency_ms"]["p50"] <= line["latency_ms"]["p99"]


@pytest.mark.requirement("B1", "B3", "B4")
def test_the_demo_shows_three_accounts_become_one_person_and_one_of_them_taken_out_again() -> None:
    done = run("demo", "--once", "--events", "2500", "--rate", "2500", "--model", "hashed")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    said = " ".join(done.stderr.replace("│", " ").split())
    parts = re.findall(r"(shop|video|social) (\w{8})… (\d+) events", said)
    assert [platform for platform, _, _ in parts] == ["shop", "video", "social"], said
    assert len({profile for _, profile, _ in parts}) == 3
    joined = re.search(r"later one profile, (\w{8})…, change merge: (\d+) = (\d+) \+ (\d+) \+ (\d+) events", said)
    assert joined is not None, said
    assert joined[1] in {profile for _, profile, _ in parts}
    assert list(joined.groups()[2:]) == [number for _, _, number in parts]
    assert int(joined[2]) == sum(int(number) for _, _, number in parts)
    apart = re.search(r"later two profiles again, change split: (\d+) = (\d+) \+ (\d+) events", said)
    assert apart is not None, said
    assert [int(number) for number in apart.groups()] == [int(joined[2]), int(joined[3]) + int(joined[4]), int(joined[5])]


def test_a_demo_on_a_port_in_use_says_so_in_lines_and_names_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("demo", "--once", "--port", str(port))
    assert done.returncode == 1
    assert f"--port {port}: already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_demo_without_a_writable_temporary_folder_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/none")
    faults, prepared = preflight(DemoPlan(True, 300, 3, 100, 7, "hashed", 0))
    assert prepared is None
    assert len(faults) == 1
    assert "set TMPDIR to a folder you own" in faults[0]


def test_ctrl_c_ends_a_serving_demo_and_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*BRAID, "demo", "--events", "800", "--rate", "2000", "--model", "hashed"],
        stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    said, api = "", ""
    for line in process.stderr:
        said += line
        if line.strip().startswith("API"):
            api = line.split()[1]
        if "send your own event" in line:
            break
    assert api, said
    with urllib.request.urlopen(api, timeout=30) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    assert process.wait(60) == 0
    assert list(tmp_path.iterdir()) == []
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout
    assert left == ""


@pytest.mark.parametrize("command", [["worker"], ["tail", "profiles"], ["topics", "check"]])
def test_a_command_without_a_broker_names_the_setting_and_the_remedy(command: list[str], tmp_path: Path) -> None:
    done = run(
        *command, BRAID_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1", BRAID_STATE_DIR=str(tmp_path), BRAID_API__PORT="0",
        BRAID_PSEUDONYM__KEY="0123456789abcdef", BRAID_ENCODER__MODEL="hashed", BRAID_METRICS__PORT="0",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "BRAID_KAFKA__BOOTSTRAP_SERVERS" in done.stderr
    assert "Traceback" not in done.stderr
