"""Metrics of who asks: declared here so that the table in `metrics` stays readable; the manual lists both."""

from __future__ import annotations

from streams.telemetry.metrics import _counter

API_CALLS = _counter(
    "braid_api_calls_total",
    "HTTP calls by name of the key (`anonymous`: none or a wrong one; `local`: no keys are set) and how they ended.",
    "refused or limited rise: a key is wrong, expired or too busy, or somebody tries; see the topic audit.",
    "key",
    "outcome",
)
AUDIT_RECORDS = _counter(
    "braid_audit_records_total",
    "Audit records by what became of them.",
    "lost: the broker is away or refuses them; answers went out unaudited, erasures and exports did not.",
    "outcome",
)
