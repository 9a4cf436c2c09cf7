"""Figures of a report as a Prometheus text file, for the textfile collector of a node exporter."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import write_to_textfile

from streams.evaluation.evaluating import Report
from streams.telemetry.evaluation_metrics import COVERAGE_GAP, EVALUATION, HIT_RATE, PARITY


def write_metrics(report: Report, file: Path) -> None:
    """Replace the file, at once for whoever reads it. Raises OSError."""
    for gauge in (HIT_RATE, PARITY, COVERAGE_GAP):
        gauge.clear()
    for row in report.rows:
        HIT_RATE.labels(row["protocol"], row["method"], row["platform"]).set(row["hr10"])
    for row in report.fairness:
        labels = (row["protocol"], row["method"], row["grouping"], row["group_a"])
        PARITY.labels(*labels).set(row["statistical_parity_difference"])
        if "coverage_gap" in row:
            COVERAGE_GAP.labels(*labels).set(row["coverage_gap"])
    write_to_textfile(str(file), EVALUATION)
