"""Files of CloudEvents as a log, under the settings of this machine: what `braid evaluate` and `braid train` read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.domain.consents import Purpose
from streams.domain.raw import RawRecord
from streams.evaluation.event_logs import EventLog, Gate
from streams.evaluation.logs import Log
from streams.settings import Settings
from streams.simulation.replaying import Rejected, read_records
from streams.wiring import actions_of, identity_rules_of, limits_of


def event_log(files: Sequence[Path], purpose: Purpose | None = None) -> Log:
    """What the worker's gate lets through; what it does not is counted on stderr. purpose: of people who allow it."""
    settings = Settings.load()
    mappings, limits = load_mappings(settings.ingest.mappings_dir), limits_of(settings)
    actions = actions_of(settings, mappings)
    gate = Gate(decoder_for(mappings, limits.max_event_bytes), actions, limits, identity_rules_of(settings))
    reading = EventLog(gate)
    n_lines = 0
    for entry in read_records(files):
        if isinstance(entry, Rejected):
            n_lines += 1
        else:
            reading.take([RawRecord(entry.value, tuple(entry.headers), topic=entry.topic_suffix, key=entry.key)])
    if n_lines or reading.n_refused:
        typer.echo(f"left out: {n_lines} lines that are no records, {reading.n_refused} refused by the gate", err=True)
    return reading.log(purpose)
