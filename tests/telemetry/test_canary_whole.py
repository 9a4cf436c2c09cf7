"""`braid canary` as a command, against a whole Braid on the embedded broker: worker and serve as processes."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request

import pytest

from streams.cli.commands import app
from streams.errors import UsageError
from tests.browser.stage import Stage
from tests.support.pipeline import free_port

COMES_UP_S = 60.0


@pytest.mark.slow
@pytest.mark.requirement("Q3")
def test_its_events_come_out_over_http_and_move_nothing_and_it_exports_what_it_measures() -> None:
    with Stage({"BRAID_TOPICS__PLATFORMS": '["shop", "canary"]'}) as stage:
        once = subprocess.run(
            stage._command("canary", "--once", "--json"), env=stage._environment(), capture_output=True, text=True,
            timeout=COMES_UP_S, check=False,
        )  # fmt: skip
        assert once.returncode == 0, once.stderr
        answer = json.loads(once.stdout)
        assert 0.0 < answer["seconds"] < 30.0
        assert answer["lost"] == ""
        profile = stage.get("/v1/accounts/canary/canary/profile")
        assert profile["events_applied"] == 1
        assert profile["tags"] == profile["vectors"]["interests"] == profile["recent"] == []

        port = free_port()
        again = stage._start("canary", ["canary", "--every", "1"], env={**stage._environment(), "BRAID_METRICS__PORT": str(port)})
        metrics = stage.eventually(lambda: _with_two_flights(port), COMES_UP_S)
        assert metrics["braid_canary_lost_total"] == 0
        assert metrics["process_start_time_seconds"] > 0
        again.send_signal(signal.SIGTERM)
        assert again.wait(60) == 0


def _with_two_flights(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
    found = {name: float(value) for name, value in lines}
    return found if found["braid_canary_seconds_count"] >= 2 else {}


@pytest.mark.parametrize("found", ["shop", "shop,video"])
def test_a_platform_that_no_worker_reads_is_said_before_anything_is_sent(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_TOPICS__PLATFORMS", json.dumps(found.split(",")))
    with pytest.raises(UsageError, match=r"BRAID_TOPICS__PLATFORMS: 'canary' is not among them.*braid topics apply"):
        app(["canary", "--once"], standalone_mode=False)


@pytest.mark.parametrize("option", ["--every", "--give-up"])
def test_a_pace_that_would_be_a_load_is_refused(option: str) -> None:
    with pytest.raises(Exception, match="greater than or equal to 1"):
        app(["canary", option, "0.5"], standalone_mode=False)
