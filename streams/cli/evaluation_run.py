"""What `braid evaluate` does once it knows what is wanted: read, replay, show, write."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from streams.cli.encoded_texts import ConfiguredEncoder
from streams.cli.logged_events import event_log
from streams.cli.served_methods import served_methods
from streams.errors import UsageError
from streams.evaluation.datasets import Found, event_plans, recognise, table_plans
from streams.evaluation.evaluating import Report, evaluate, sampled
from streams.evaluation.figures import Row
from streams.evaluation.methods.known import chosen
from streams.evaluation.metrics_file import write_metrics
from streams.evaluation.plots import check_plot, plot
from streams.evaluation.protocols import Plan, Split
from streams.evaluation.sentiment import evaluate_sentiment
from streams.evaluation.showing import markdown, sentiment_table, tables
from streams.settings import Settings
from streams.training.labelled_texts import HELD_BACK, training_files


@dataclass(frozen=True)
class Wanted:
    """What to measure. protocols, methods: none means all that the data allow. limit_targets: None means all.

    with_vectors: labelled texts are read with the vectors of the encoder too.
    """

    data: Path
    protocols: tuple[str, ...]
    methods: tuple[str, ...]
    split: Split
    seed: int
    limit_targets: int | None
    with_vectors: bool = False


@dataclass(frozen=True)
class Files:
    """Where to write it; None: nowhere."""

    json: Path | None
    plot: Path | None
    report: Path | None
    metrics: Path | None


def run(wanted: Wanted, files: Files) -> None:
    """Measure, print and write. Raises UsageError before anything is measured, where it can be known by then."""
    _check(files)
    found = recognise(wanted.data)
    if found.kind == "labelled_texts":
        if wanted.protocols or wanted.methods or files.plot or files.report or files.metrics:
            raise UsageError(f"{found.path}: labelled texts take --json and --vectors only")
        _read_texts(found, wanted, files.json)
        return
    report = _measured(found, wanted)
    for table in tables(report):
        Console().print(table)
    if files.json:
        _write_json(files.json, report.as_dict())
    if files.report:
        files.report.write_text(markdown(report), encoding="utf-8")
    if files.metrics:
        write_metrics(report, files.metrics)
    if files.plot:
        plot(report, files.plot)


def _check(files: Files) -> None:
    for file in (files.json, files.plot, files.report, files.metrics):
        if file and not file.parent.is_dir():
            raise UsageError(f"{file}: no folder {file.parent}; create it first")
    if files.plot:
        check_plot(files.plot)


def _measured(found: Found, wanted: Wanted) -> Report:
    asked = {name: value for name, value in asdict(wanted).items() if name != "with_vectors"}
    report = Report({**asked, "data": wanted.data.name})
    with _bar() as progress:
        tasks: dict[tuple[str, str], TaskID] = {}

        def watch(protocol: str, method: str, done: int, total: int) -> None:
            task = tasks.get((protocol, method))
            if task is None:
                task = tasks[protocol, method] = progress.add_task(f"{protocol} {method}", total=total)
            progress.update(task, completed=done)

        served = served_methods()
        for plan in _plans(found, wanted):
            methods = chosen(wanted.methods, served, has_shared_clock=plan.log.has_shared_clock)
            evaluate(sampled(plan, wanted.limit_targets, wanted.seed), methods, wanted.seed, report, watch)
    return report


def _plans(found: Found, wanted: Wanted) -> Iterator[Plan]:
    if found.kind == "tables":
        return table_plans(found.path, wanted.protocols, wanted.split, wanted.seed)
    return event_plans(event_log(found.files), found.path, wanted.protocols, wanted.split, wanted.seed)


def _read_texts(found: Found, wanted: Wanted, json_file: Path | None) -> None:
    """Files for measuring (dev, test, valid) are read by what the others beside them teach."""
    encoder = ConfiguredEncoder(Settings.load()) if wanted.with_vectors else None
    rows: list[Row] = []
    with Console(stderr=True).status("reading labelled texts") as status:
        for file in found.files:
            beside = training_files(file.parent) if file.name.startswith(HELD_BACK) else ()
            rows += evaluate_sentiment(file, beside, encoder, status.update)
    Console().print(sentiment_table(rows))
    if json_file:
        settings = {"data": found.path.name, "with_vectors": wanted.with_vectors}
        _write_json(json_file, {"rows": rows, "settings": settings})


def _write_json(file: Path, content: dict[str, object]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def _bar() -> Progress:
    """On stderr, and only on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
