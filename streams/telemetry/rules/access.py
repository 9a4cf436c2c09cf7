"""Who is turned away, and whether what they did is on record."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group, grew

ACCESS: Final = Group(
    "braid-access",
    (
        Alert(
            name="BraidCallsRefused",
            expression=(
                'sum by (key) (rate(braid_api_calls_total{outcome="refused"}[10m])) '
                "/ sum by (key) (rate(braid_api_calls_total[10m])) > 0.2 "
                'and sum by (key) (rate(braid_api_calls_total{outcome="refused"}[10m])) > 0.1'
            ),
            lasting="10m",
            severity="warning",
            summary="A caller is refused again and again.",
            description="{{ $value | humanizePercentage }} of the calls of the key {{ $labels.key }} are refused.",
        ),
        Alert(
            name="BraidCallsLimited",
            expression=(
                'sum by (key) (rate(braid_api_calls_total{outcome="limited"}[10m])) '
                "/ sum by (key) (rate(braid_api_calls_total[10m])) > 0.05"
            ),
            lasting="15m",
            severity="warning",
            summary="A caller asks more often than it may.",
            description=(
                "{{ $value | humanizePercentage }} of the calls of the key {{ $labels.key }} are answered with 429."
            ),
        ),
        Alert(
            name="BraidAuditLost",
            expression=grew('braid_audit_records_total{outcome="lost"}', "15m", "instance"),
            lasting="0m",
            severity="critical",
            summary="Answers about people went out without an audit record.",
            description="{{ $value | humanize }} audit records were lost on {{ $labels.instance }}.",
        ),
    ),
)
