"""Prometheus's own judge of rules: series in, alerts out, at the minutes that are asked for."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from shutil import which

import pytest
import yaml

from docs.monitoring_files import rule
from streams.telemetry.rules.groups import GROUPS
from streams.telemetry.rules.structs import Alert, Recording

needs_promtool = pytest.mark.skipif(which("promtool") is None, reason="needs promtool: apt-get install prometheus")
Series = Mapping[str, Sequence[float | None]]


def held(*parts: tuple[float | None, int]) -> list[float | None]:
    """A gauge: each value for so many steps; None = not there."""
    return [value for value, n_steps in parts for _ in range(n_steps)]


def counted(*parts: tuple[float, int], start: float = 0.0) -> list[float | None]:
    """A counter that grows by so much a step, for so many steps."""
    values: list[float | None] = [start]
    for growth, n_steps in parts:
        for _ in range(n_steps):
            values.append((values[-1] or 0.0) + growth)
    return values


@dataclass(frozen=True, kw_only=True)
class Case:
    """What an alert is held to: `faulty` makes it fire at a step and resolve at a later one, `fine` leaves it quiet.

    quiet_from: the step from which it does; 0, a process that has just started, unless the rule needs full windows.
    says: the description as the operator reads it. labels: what the firing alert carries, without severity and windows.
    among: labels that tell rules of one name apart.
    """

    alert: str
    faulty: Series
    fine: Series
    fires_at: int
    resolved_at: int
    says: str
    labels: Mapping[str, str] = field(default_factory=dict)
    among: Mapping[str, str] = field(default_factory=dict)
    step_minutes: int = 1
    quiet_from: int = 0

    @property
    def rule(self) -> Alert:
        (found,) = [
            alert
            for group in GROUPS
            for alert in group.alerts
            if alert.name == self.alert and self.among.items() <= {"severity": alert.severity, **alert.labels}.items()
        ]
        return found

    @property
    def _n_steps(self) -> int:
        return max(map(len, self.fine.values()))

    def judged(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """The run of promtool over this rule alone and what it is computed from."""
        (group,) = [group for group in GROUPS if self.rule in group.rules]
        rules = [rule(each) for each in group.rules if isinstance(each, Recording) or each is self.rule]
        (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": group.name, "rules": rules}]}))
        tests = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": f"{self.step_minutes}m",
            "tests": [
                self._test(self.faulty, {self.fires_at: [self._firing()], self.resolved_at: []}),
                self._test(self.fine, {step: [] for step in range(self.quiet_from, self._n_steps)}),
            ],
        }
        (folder / "tests.yml").write_text(yaml.safe_dump(tests))
        return subprocess.run(
            ["promtool", "test", "rules", "tests.yml"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )

    def _firing(self) -> dict[str, Mapping[str, str]]:
        found = self.rule
        return {
            "exp_labels": {"severity": found.severity, **found.labels, **self.labels},
            "exp_annotations": {"summary": found.summary, "description": self.says, "runbook_url": found.runbook_url},
        }

    def _test(self, series: Series, expected: Mapping[int, list[dict[str, Mapping[str, str]]]]) -> dict[str, object]:
        return {
            "interval": f"{self.step_minutes}m",
            "input_series": [{"series": name, "values": " ".join(map(_written, values))} for name, values in series.items()],
            "alert_rule_test": [
                {"eval_time": f"{step * self.step_minutes}m", "alertname": self.alert, "exp_alerts": alerts}
                for step, alerts in expected.items()
            ],
        }


def _written(value: float | None) -> str:
    return "_" if value is None else "NaN" if isnan(value) else f"{value:.17g}"
