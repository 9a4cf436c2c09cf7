"""`braid canary` against a whole Braid on the embedded broker: worker and serve as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.stage import Stage
from tests.support.pipeline import free_port

PLATFORMS = {"BRAID_TOPICS__PLATFORMS": '["shop", "canary"]'}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(PLATFORMS) as stage:
        yield stage


def _run(stage: Stage, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        stage._command("canary", *arguments), env={**stage._environment(), **settings}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.requirement("Q3", "Q1")
def test_an_event_of_the_canary_comes_out_over_http_and_moves_nothing(stage: Stage) -> None:
    done = _run(stage, "--once", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert 0.0 < answer["seconds"] < 30.0
    assert answer["lost"] == ""
    profile: dict[str, Any] = stage.get("/v1/accounts/canary/canary/profile")
    assert profile["events_applied"] == 1
    assert profile["tags"] == profile["vectors"]["interests"] == []


@pytest.mark.slow
def test_it_exports_what_it_measures_until_it_is_asked_to_stop(stage: Stage) -> None:
    port = free_port()
    environment = {**stage._environment(), "BRAID_METRICS__PORT": str(port)}
    process = subprocess.Popen(stage._command("canary", "--every", "1"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        metrics = stage.eventually(lambda: _with_a_flight(port))
        assert "braid_canary_lost_total 0.0" in metrics
        assert "process_start_time_seconds" in metrics
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()


def _with_a_flight(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = str(answer.read().decode())
    (count,) = [line for line in text.splitlines() if line.startswith("braid_canary_seconds_count ")]
    return text if float(count.split()[1]) >= 1 else ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "settings", "code", "says"),
    [
        ((), {"BRAID_TOPICS__PLATFORMS": '["shop"]'}, 2, "BRAID_TOPICS__PLATFORMS: 'canary' is not among them"),
        (("--every", "0"), {}, 2, "--every"),
        (("--once", "--give-up", "1"), {"BRAID_API__PORT": "1"}, 1, "nothing answers at http://127.0.0.1:1"),
        (("--once",), {"BRAID_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}, 1, "BRAID_KAFKA__BOOTSTRAP_SERVERS"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(
    stage: Stage, arguments: tuple[str, ...], settings: dict[str, str], code: int, says: str
) -> None:
    done = _run(stage, *arguments, **settings)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
