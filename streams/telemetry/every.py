"""Every metric of every process, for what speaks of all of them: the manual, rules, boards. No process imports this."""

from __future__ import annotations

from streams.telemetry import (  # noqa: F401 - they declare their metrics
    access_metrics,
    canary_metrics,
    disk_metrics,
    evaluation_metrics,
    mirror_metrics,
)
from streams.telemetry.metrics import DECLARED

__all__ = ["DECLARED"]
