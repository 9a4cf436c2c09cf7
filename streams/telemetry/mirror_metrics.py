"""Metrics of `braid mirror`: declared here so that the table in `metrics` stays readable; the manual lists both."""

from __future__ import annotations

from streams.telemetry.metrics import _counter, _gauge

MIRRORED = _counter(
    "braid_mirrored_records_total",
    "Records of `profiles` by what the mirror did: copied a `profile` or a `deletion`, left out what was `unreadable`.",
    "unreadable: the mirror is older than the workers; upgrade it and let its group begin anew.",
    "kind",
)
MIRROR_BEHIND = _gauge(
    "braid_mirror_behind_records",
    "Records of a partition of `profiles` that the mirror has not yet copied.",
    "Grows for minutes: start another `braid mirror`; they share the partitions.",
    "partition",
)
