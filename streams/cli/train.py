"""`braid train`: learn the re-ranker from logged behaviour, and write it with its metrics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from streams.errors import UsageError
from streams.evaluation.csv_folders import MAIN, read_csv_folder
from streams.evaluation.logs import Log
from streams.ranking.online import Touches
from streams.ranking.replays import Items
from streams.ranking.reranker_files import PACKAGED, to_bytes
from streams.training.reranker import examples_of, fit

DataArgument = Annotated[Path, typer.Argument(help="A folder of tables: docs/evaluation.md.")]
OutOption = Annotated[Path, typer.Option(help="Where the model's folder, named by its content, is written.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of every draw; the same seed gives the same model.")]
NetworksOption = Annotated[int, typer.Option(min=1, max=8, help="How many networks are averaged.")]
VERSION_DIGITS = 12


def train(data: DataArgument, out: OutOption, seed: SeedOption = 0, networks: NetworksOption = 3) -> None:
    """Replay logged behaviour, learn to rank what was taken above what was on offer, and write a versioned model.

    The latest examples are held out; learning stops when they no longer gain.

    Example: braid train ../shared/data/amazon_food_kitchen --out models
    """
    folder = read_csv_folder(data)
    if not folder.log.has_shared_clock:
        raise UsageError(f"{data}: times count from each person's first event; a stream needs a clock that all share")
    log = folder.log.only(folder.parts == MAIN)
    items = Items(log.catalogue.titles, log.catalogue.platform, len(log.catalogue.platforms))
    typer.echo(f"replaying {len(log)} events of {len(log.user_names)} people ...", err=True)
    examples = examples_of(_steps(log), items, len(log.user_names), seed)
    typer.echo(f"learning from {len(examples)} examples ...", err=True)
    rerankers, metrics = fit(examples, seed, networks, _say)
    content = to_bytes(rerankers)
    written = out / f"reranker-{hashlib.sha256(content).hexdigest()[:VERSION_DIGITS]}"
    written.mkdir(parents=True, exist_ok=True)
    (written / PACKAGED).write_bytes(content)
    said = {"data": data.name, "until_s": float(log.times_s[-1]), **metrics.as_dict()}
    (written / "metrics.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    typer.echo(
        f"{written}: taken item in the first 10 of 61 in {metrics.hits:.1%} of {metrics.n_held_out} later requests "
        f"(decayed popularity {metrics.by_heat:.1%})"
    )


def _say(network: int, n_passes: int, loss: float) -> None:
    typer.echo(f"network {network + 1}, pass {n_passes}: loss {loss:.4f} nats on later requests", err=True)


def _steps(log: Log) -> Iterator[Touches]:
    """One a time, oldest first; what people turned away from is left out."""
    rows = np.flatnonzero(log.weights > 0.0)
    for step in np.split(rows, np.flatnonzero(np.diff(log.times_s[rows])) + 1):
        if len(step):
            yield Touches(log.users[step], log.items[step], float(log.times_s[step[0]]), log.weights[step])
