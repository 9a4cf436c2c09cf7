"""`braid segments check`: whether a file of segments holds, and how many people would be in each."""

from __future__ import annotations

import json as json_format
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from streams.adapters.clock import SystemClock
from streams.adapters.segment_files import load_segments
from streams.adapters.topic_follower import Batch, TopicFollower
from streams.brokers.connection import consumer_config
from streams.brokers.contact import check_contact
from streams.domain.profiles import decode_profile
from streams.domain.segments import SegmentRules
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable
from streams.settings import Settings
from streams.telemetry.logs import start_logging

app = typer.Typer(no_args_is_help=True, help="Check segments of people before they are used.")

GROUP: Final = "braid-segments"
LOOK_S: Final = 1.0
#: That a topic is being read is no news here.
QUIET: Final = "WARNING"


@app.callback()
def group() -> None:
    """A group of commands, however few there are."""


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="TOML file of segments.")],
    people: Annotated[bool, typer.Option("--people", help="Judge every published profile, and count.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Check a file of segments; with --people say how many of the published profiles belong to each.

    Example: braid segments check segments.toml --people
    """
    settings = Settings.load()
    rules = load_segments(file, settings.consent.recommend)
    census = _counted(settings, rules) if people else None
    n_people = None if census is None else len(census.belongs)
    counts = None if census is None else census.counts()
    if json:
        segments = [
            {"id": segment.id, "rule": segment.condition.words} | ({} if counts is None else {"n": counts[segment.id]})
            for segment in rules.segments
        ]
        typer.echo(json_format.dumps({"segments": segments, "n_profiles": n_people}, ensure_ascii=False))
        return
    caption = "" if n_people is None else f"of {n_people} profiles"
    table = Table("segment", "rule", *(["people"] if counts is not None else []), caption=caption)
    for segment in rules.segments:
        table.add_row(segment.id, segment.condition.words, *([str(counts[segment.id])] if counts is not None else []))
    Console().print(table)


class Census:
    """A sink of `profiles` that knows of everybody only where they belong."""

    def __init__(self, rules: SegmentRules) -> None:
        self._rules = rules
        self.belongs: dict[bytes, tuple[str, ...]] = {}

    def next_offsets(self) -> Mapping[int, int]:
        """From the beginning."""
        return {}

    def apply(self, batch: Batch) -> None:
        """Judge anew who changed; what cannot be read belongs nowhere."""
        for message in batch.messages:
            if not message.value:
                self.belongs.pop(message.key, None)
                continue
            try:
                profile = decode_profile(message.value)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            self.belongs[message.key] = tuple(self._rules.of(profile))

    def clear(self) -> None:
        """Forget everything."""
        self.belongs.clear()

    def counts(self) -> Counter[str]:
        """People by segment."""
        return Counter(segment for belongs in self.belongs.values() for segment in belongs)


def _counted(settings: Settings, rules: SegmentRules) -> Census:
    start_logging(QUIET, settings.log_format)
    check_contact(settings.kafka)
    topic, census = TopicNames(settings.topics.prefix).profiles, Census(rules)
    follower = TopicFollower(consumer_config(settings.kafka, GROUP), topic, census, SystemClock())
    follower.start()
    try:
        while not follower.wait_until_caught_up(LOOK_S):
            if fault := follower.status().fault:
                raise Unavailable(fault)
    finally:
        follower.stop()
    return census
