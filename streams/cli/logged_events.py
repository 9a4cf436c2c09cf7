"""Files of CloudEvents as a log, under the settings of this machine: what `braid evaluate` and `braid train` read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.cli.encoded_texts import ConfiguredEncoder
from streams.domain.consents import Purpose
from streams.domain.masking import without_tokens
from streams.domain.raw import RawRecord
from streams.evaluation.event_logs import EventLog, Feelings, Gate
from streams.evaluation.logs import Log
from streams.meaning.sentiment import packaged_sentiment
from streams.settings import Settings
from streams.simulation.replaying import Rejected, read_records
from streams.wiring import actions_of, ad_platforms_of, identity_rules_of, limits_of


def event_log(files: Sequence[Path], purpose: Purpose | None = None) -> Log:
    """What the worker's gate lets through; what it does not is counted on stderr. purpose: of people who allow it.

    Raises Unavailable where there are words to be read, and neither the encoder nor the packaged weights to read them.
    """
    settings = Settings.load()
    mappings, limits = load_mappings(settings.ingest.mappings_dir), limits_of(settings)
    actions, decode_for = actions_of(settings, mappings), decoder_for(mappings, limits.max_event_bytes)
    ads = ad_platforms_of(settings.profile.platform_weights)
    reading = EventLog(Gate(decode_for, actions, limits, identity_rules_of(settings), _feelings(settings), ads))
    n_lines = 0
    for entry in read_records(files):
        if isinstance(entry, Rejected):
            n_lines += 1
        else:
            reading.take([RawRecord(entry.value, tuple(entry.headers), topic=entry.topic_suffix, key=entry.key)])
    if n_lines or reading.n_refused:
        typer.echo(f"left out: {n_lines} lines that are no records, {reading.n_refused} refused by the gate", err=True)
    return reading.log(purpose)


def _feelings(settings: Settings) -> Feelings | None:
    """How the worker reads texts: with the packaged weights, beside them vectors of its encoder where these know it."""
    if not settings.meaning.read:
        return None
    encoder = ConfiguredEncoder(settings)

    def read(texts: Sequence[str]) -> NDArray[np.float64]:
        sentiment, texts = packaged_sentiment(), [without_tokens(text) for text in texts]
        vectors = encoder.vectors(texts) if encoder.name in sentiment.encoders else None
        return sentiment.read(texts, vectors, encoder.name)

    return read
