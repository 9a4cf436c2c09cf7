"""Whether events get through, and which do not."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group, grew

FLOW: Final = Group(
    "braid-flow",
    (
        Alert(
            name="BraidRecordsWait",
            expression='max by (stage) (braid_oldest_unapplied_seconds{stage!="letters"}) > 60',
            lasting="5m",
            severity="critical",
            summary="A stage is a minute behind.",
            description=(
                "The oldest record that the stage {{ $labels.stage }} has not applied is "
                "{{ $value | humanizeDuration }} old."
            ),
        ),
        Alert(
            name="BraidStageStuck",
            expression=(
                "sum by (stage) (braid_lag_records) > 0 "
                "and on (stage) sum by (stage) (rate(braid_checkpoints_total[5m])) == 0"
            ),
            lasting="5m",
            severity="critical",
            summary="A stage has records to apply and makes nothing durable.",
            description=(
                "{{ $value }} records wait for the stage {{ $labels.stage }}, which made no batch durable in 5 "
                "minutes."
            ),
        ),
        Alert(
            name="BraidPartitionsPaused",
            expression="min_over_time(braid_paused_partitions[2m]) > 0",
            lasting="8m",
            severity="warning",
            summary="Partitions are not fetched, because their lane stays full.",
            description=(
                "{{ $labels.instance }} has fetched nothing from {{ $value }} partitions of the stage "
                "{{ $labels.stage }} for 10 minutes: it is the slowest part of the flow."
            ),
        ),
        Alert(
            name="BraidDeadLettersRise",
            expression=(
                "sum by (stage, reason) (rate(braid_dead_letters_total[10m])) "
                "/ on (stage) group_left () sum by (stage) (rate(braid_records_total[10m])) > 0.01"
            ),
            lasting="10m",
            severity="warning",
            summary="More than one record in a hundred becomes a dead letter.",
            description=(
                "{{ $value | humanizePercentage }} of the records of the stage {{ $labels.stage }} become dead "
                "letters: {{ $labels.reason }}."
            ),
        ),
        Alert(
            name="BraidLateEventsDropped",
            expression=(
                "sum by (platform) (rate(braid_late_events_total[15m])) "
                '> on () group_left () (0.01 * sum(rate(braid_records_total{stage="normalise"}[15m])))'
            ),
            lasting="15m",
            severity="warning",
            summary="A platform sends events that are too old to count.",
            description=(
                "The platform {{ $labels.platform }} sends {{ $value | humanize }} events a second that are dropped "
                "as too old."
            ),
        ),
        Alert(
            name="BraidEventsBehindDedupHorizon",
            expression=(
                "sum(rate(braid_behind_dedup_horizon_total[15m])) / sum(rate(braid_events_applied_total[15m])) > 0.001"
            ),
            lasting="15m",
            severity="warning",
            summary="Events are dropped because they cannot be told from repeats.",
            description=(
                "{{ $value | humanizePercentage }} of the events are older than every id kept for their account."
            ),
        ),
        Alert(
            name="BraidEventsHeldBack",
            expression=(
                "sum(rate(braid_events_held_back_total[15m])) / sum(rate(braid_events_applied_total[15m])) > 0.1"
            ),
            lasting="30m",
            severity="info",
            summary="Many events count for less than they weigh.",
            description="{{ $value | humanizePercentage }} of the events met the bound of what one account may bring.",
        ),
        Alert(
            name="BraidUnreadableRecords",
            expression=grew("braid_unreadable_records_total", "15m", "job, view"),
            lasting="0m",
            severity="critical",
            summary="A process meets records of Braid's own that it cannot read.",
            description=(
                "{{ $labels.job }} could not read {{ $value | humanize }} records of {{ $labels.view }}; a newer "
                "release writes them."
            ),
        ),
    ),
)
