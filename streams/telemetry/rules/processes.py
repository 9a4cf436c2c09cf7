"""Whether what should run does, and stays."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group

PROCESSES: Final = Group(
    "braid-processes",
    (
        Alert(
            name="BraidWorkerAbsent",
            expression='absent(up{job="braid-worker"} == 1)',
            lasting="2m",
            severity="critical",
            summary="No worker answers.",
            description="No worker has answered Prometheus for 2 minutes: events wait in the broker.",
        ),
        Alert(
            name="BraidServeAbsent",
            expression='absent(up{job="braid-serve"} == 1)',
            lasting="2m",
            severity="critical",
            summary="No serve answers.",
            description="No serve has answered Prometheus for 2 minutes: nobody can be answered.",
        ),
        Alert(
            name="BraidProcessDown",
            expression='up{job=~"braid-.+"} == 0',
            lasting="5m",
            severity="warning",
            summary="A process does not answer.",
            description="{{ $labels.instance }} of {{ $labels.job }} has not answered Prometheus for 5 minutes.",
        ),
        Alert(
            name="BraidProcessRestarts",
            expression='changes(process_start_time_seconds{job=~"braid-.+"}[1h]) > 3',
            lasting="0m",
            severity="warning",
            summary="A process starts again and again.",
            description=(
                "{{ $labels.instance }} of {{ $labels.job }} started {{ $value }} times within an hour; a worker that "
                "is fenced, or does not learn whether a commit happened, ends itself with status 70."
            ),
        ),
    ),
)
