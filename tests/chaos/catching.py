"""Whether the harness catches a planted bug: whether a fault meets it is a race, so it gets more than one chance."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Final

from tests.chaos.runs import Plan, Report, run
from tests.chaos.scene import Ground
from tests.chaos.shots import Fault

CHANCES: Final = 3


def caught(ground: Ground, seed: int, faults: Sequence[Fault], planted: str) -> list[str]:
    """What the first red run says of the bug; nothing where no run was red. Leaves no folder: these are meant to be red."""
    said: list[str] = []
    for chance in range(CHANCES):
        report: Report = run(ground, seed + 100 * chance, Plan(exactly=list(faults), planted=planted, rate=400.0))
        shutil.rmtree(report.folder, ignore_errors=True)
        said = [text for text in report.violations if not text.startswith("no verdict")]
        if said:
            break
    return said
