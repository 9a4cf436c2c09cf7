"""Named fault points: parsed strictly, fired once at the pass asked for."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from streams.engine.faults import POINTS, no_fault, parse_fault
from streams.errors import UsageError


def test_without_a_setting_no_point_does_anything():
    fault = parse_fault("")
    assert fault is no_fault
    for point in POINTS:
        fault(point)


@pytest.mark.parametrize("text", ["kill", "kill:nowhere:1", "explode:begun:1", "kill:begun:often"])
def test_a_misspelt_fault_is_an_error_that_names_the_choices(text):
    with pytest.raises(UsageError, match="BRAID_FAILPOINT"):
        parse_fault(text)


def test_a_kill_fires_at_the_nth_pass_of_its_point_and_not_before():
    script = (
        "from streams.engine.faults import parse_fault\n"
        "fault = parse_fault('kill:flushed:3')\n"
        "for n in range(5):\n"
        "    fault('begun'); fault('flushed'); print(n, flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["0", "1"]
