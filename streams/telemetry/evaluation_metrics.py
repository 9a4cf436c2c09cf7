"""Metrics of an evaluation run, for a textfile collector: in a registry of their own, since no server has them."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from streams.telemetry.metrics import DECLARED, Declared

EVALUATION: Final = CollectorRegistry()


def _gauge(name: str, meaning: str, action: str, *labels: str) -> Gauge:
    DECLARED.append(Declared(name, "gauge", labels, meaning, action))
    return Gauge(name, meaning, labels, registry=EVALUATION)


HIT_RATE = _gauge(
    "braid_evaluation_hit_rate",
    "HR@10 of the last `braid evaluate --metrics`.",
    "method braid falls below recent_popularity_7d: train again, and look at what changed in the data.",
    "protocol",
    "method",
    "platform",
)
PARITY = _gauge(
    "braid_evaluation_parity_difference",
    "Statistical parity difference: rate of hits of the first group less that of the second (items: of being shown).",
    "Far from 0 and moving: one group is served worse; the report has rates, sizes and intervals.",
    "protocol",
    "method",
    "grouping",
    "group",
)
COVERAGE_GAP = _gauge(
    "braid_evaluation_coverage_gap",
    "Share of the catalogue shown to the first group less that of the second, from equally many lists.",
    "Far from 0: one group sees the same few items; raise diversity for it.",
    "protocol",
    "method",
    "grouping",
    "group",
)
