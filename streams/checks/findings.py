"""What was found, and how checks run: all of them, side by side, within one bound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

import msgspec

from streams.errors import BraidError

Status = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True):
    """One line. said: what was seen. remedy: what to do, empty where nothing is."""

    name: str
    status: Status
    said: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """look: gives findings as it goes; whatever it raises becomes one. May block."""

    name: str
    look: Callable[[], Iterable[Finding]]


@dataclass
class _Run:
    check: Check
    found: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._look, name=f"check-{self.check.name}", daemon=True)

    def _look(self) -> None:
        try:
            for finding in self.check.look():
                self.found.append(finding)
        except BraidError as error:
            self.found.append(Finding(self.check.name, "fail", "not as it should be", str(error)))
        except Exception as error:  # noqa: BLE001 - one check that breaks must not hide the others
            said = f"{type(error).__name__}: {error}"
            self.found.append(Finding(self.check.name, "fail", said, "a bug of the check, or a fault of the machine"))


def run_all(checks: Sequence[Check], limit_s: float) -> list[Finding]:
    """Every finding, in the order of the checks. What does not end within `limit_s` fails, with what it had found."""
    give_up_at_s = monotonic() + limit_s
    runs = [_Run(check) for check in checks]
    for run in runs:
        run.thread.start()
    findings: list[Finding] = []
    for run in runs:
        run.thread.join(max(0.0, give_up_at_s - monotonic()))
        is_late = run.thread.is_alive()
        findings += list(run.found)
        if is_late:
            said, remedy = f"no answer within {limit_s:g} s", "look at what it asks, or give --timeout more seconds"
            findings.append(Finding(run.check.name, "fail", said, remedy))
    return findings
