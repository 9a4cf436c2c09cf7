"""`braid replay`: files of CloudEvents published to the topics they belong to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from streams.adapters.clock import SystemClock
from streams.brokers.connection import producer_config
from streams.brokers.contact import check_contact
from streams.domain.decay import DAY_S
from streams.domain.topic_names import EVENTS, TopicNames
from streams.errors import Unavailable, UsageError
from streams.settings import Settings
from streams.simulation.publisher import Delivery, Publisher
from streams.simulation.records import OutgoingRecord
from streams.simulation.replaying import Rejected, newest_time_s, read_records
from streams.wiring import read_platforms

_SHOWN: Final = 10

FilesArgument = Annotated[list[Path], typer.Argument(help="CloudEvents as JSON lines, plain or `.gz`.")]
RateOption = Annotated[float | None, typer.Option(help="Events a second; without it as fast as the broker takes them.")]
ShiftOption = Annotated[bool, typer.Option("--shift", help="Move all times so that the newest event happens now.")]
JsonOption = Annotated[bool, typer.Option("--json", help="End with one line {published, rejected}.")]


def replay(
    files: FilesArgument, rate: RateOption = None, shift: ShiftOption = False, json_output: JsonOption = False
) -> None:
    """Publish events to `events.<platform>` and items to `items`; the platform is the first part of `type`.

    Lines that cannot be read are counted and named on stderr; they stop nothing.

    Example: braid replay events.jsonl items.jsonl.gz --rate 500 --shift
    """
    settings = Settings.load()
    _check(files, rate)
    publisher = Publisher(producer_config(settings.kafka), TopicNames(settings.topics.prefix))
    check_contact(settings.kafka)
    publisher.connect()
    shift_s = _shift_s(files) if shift else 0.0
    rejections = _Rejections(_topics_read(settings))
    records = rejections.set_aside(read_records(files, shift_s))
    with _bar(len(files)) as progress:
        task = progress.add_task("published", total=None)

        def on_progress(delivery: Delivery) -> None:
            progress.update(task, completed=delivery.published, description=f"published, {rejections.count} rejected")

        delivery = publisher.publish(records, rate, on_progress)
        progress.update(task, total=max(delivery.published, 1), completed=delivery.published)
    _report(delivery, rejections.count, json_output=json_output)


class _Rejections:
    """Counts the lines that are no records and names the first few."""

    def __init__(self, topics_read: frozenset[str]) -> None:
        self.count = 0
        self._topics_read = topics_read
        self._warned: set[str] = set()

    def _warn_of_strangers(self, topic: str) -> None:
        if topic.startswith(EVENTS) and topic not in self._topics_read and topic not in self._warned:
            self._warned.add(topic)
            platform = topic.removeprefix(EVENTS)
            typer.echo(
                f"warning: no worker reads {topic}: add {platform!r} to BRAID_TOPICS__PLATFORMS, or map it",
                err=True,
            )

    def set_aside(self, entries: Iterator[OutgoingRecord | Rejected]) -> Iterator[OutgoingRecord]:
        """The records alone."""
        for entry in entries:
            if isinstance(entry, OutgoingRecord):
                self._warn_of_strangers(entry.topic_suffix)
                yield entry
                continue
            self.count += 1
            if self.count <= _SHOWN:
                typer.echo(f"{entry.file}:{entry.number}: {entry.why}", err=True)
            elif self.count == _SHOWN + 1:
                typer.echo("further rejected lines are counted only", err=True)


def _topics_read(settings: Settings) -> frozenset[str]:
    return frozenset(EVENTS + platform for platform in read_platforms(settings))


def _check(files: list[Path], rate: float | None) -> None:
    for file in files:
        try:
            file.open("rb").close()
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}; give files of CloudEvents, one JSON object a line") from error
    if rate is not None and not rate > 0:
        raise UsageError(f"--rate {rate:g}: must be more than 0; leave it out for no limit")


def _shift_s(files: list[Path]) -> float:
    now_s = SystemClock().now_s()
    newest_s = newest_time_s(files, not_after_s=now_s + DAY_S)
    if newest_s is None:
        raise UsageError("--shift: no event in the files has a time before tomorrow; leave it out")
    return now_s - newest_s


def _bar(n_files: int) -> Progress:
    """On stderr, and only on a terminal: stdout belongs to the machine-readable end."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn(show_speed=True))
    return Progress(
        TextColumn(f"{n_files} files"), *columns, TimeElapsedColumn(), console=console, disable=not sys.stderr.isatty()
    )


def _report(delivery: Delivery, rejected: int, *, json_output: bool) -> None:
    if json_output:
        typer.echo(json.dumps({"published": delivery.published, "rejected": rejected}))
    else:
        typer.echo(f"{delivery.published} published, {rejected} rejected")
    if rejected and not delivery.published:
        raise Unavailable(f"none of {rejected} lines could be published; see above why")
    if delivery.failed:
        raise Unavailable(f"{delivery.failed} records were not taken: {delivery.first_error}; see `braid topics check`")
