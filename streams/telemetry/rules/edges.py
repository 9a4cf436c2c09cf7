"""What comes in over HTTP and goes out as a mirror."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group

EDGES: Final = Group(
    "braid-edges",
    (
        Alert(
            name="BraidIngestUnconfirmed",
            expression=(
                'sum(rate(braid_ingest_events_total{verdict="unconfirmed"}[5m])) '
                "/ sum(rate(braid_ingest_events_total[5m])) > 0.01"
            ),
            lasting="5m",
            severity="critical",
            summary="The brokers do not confirm what comes in over HTTP.",
            description="{{ $value | humanizePercentage }} of the events are answered as unconfirmed.",
        ),
        Alert(
            name="BraidIngestRejects",
            expression=(
                'sum by (platform, code) (rate(braid_ingest_events_total{verdict="rejected"}[10m])) '
                "/ on (platform) group_left () sum by (platform) (rate(braid_ingest_events_total[10m])) > 0.05"
            ),
            lasting="10m",
            severity="warning",
            summary="A platform sends events over HTTP that are rejected.",
            description=(
                "{{ $value | humanizePercentage }} of the events of {{ $labels.platform }} are rejected: "
                "{{ $labels.code }}."
            ),
        ),
        Alert(
            name="BraidMirrorBehind",
            expression="min_over_time(braid_mirror_behind_records[5m]) > 0",
            lasting="25m",
            severity="warning",
            summary="The mirror of the profiles is behind and does not catch up.",
            description=(
                "{{ $labels.instance }} was never nearer than {{ $value }} records to the end of partition "
                "{{ $labels.partition }} in 30 minutes."
            ),
        ),
    ),
)
