"""What `braid train` does once it knows what is wanted: read, encode, learn, write, use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import typer

from streams.cli.catalogue_content import CatalogueContent
from streams.cli.logged_events import event_log
from streams.errors import UsageError
from streams.evaluation.catalogue import Catalogue
from streams.evaluation.csv_folders import MAIN, read_csv_folder
from streams.evaluation.datasets import recognise
from streams.evaluation.logs import Log
from streams.ranking import model_files
from streams.ranking.adapter import Adapter
from streams.ranking.replays import Items
from streams.settings import Settings
from streams.training.adapter import AdapterRules, Encoded
from streams.training.content_replay import ContentReplay
from streams.training.touches import TouchLog
from streams.training.whole_model import ADAPTED, FROZEN, Behaviour, Wishes, train


@dataclass(frozen=True)
class Wanted:
    """The options of the command. until_s: only what was before, UTC seconds; None for everything."""

    data: Path
    out: Path
    seed: int
    n_networks: int
    vectors: bool
    adapter: bool
    dim: int | None
    balance: bool
    until_s: float | None
    use: bool


def run(wanted: Wanted) -> None:
    """Learn and write. Raises UsageError, Unavailable where the encoder cannot be had."""
    if wanted.dim is not None and not wanted.adapter:
        raise UsageError("--dim shortens vectors, which --no-vectors and --no-adapter leave out; choose one")
    log = _before(_read(wanted.data), wanted.until_s)
    catalogue = log.catalogue
    touches = TouchLog(log.users, log.items, log.times_s, log.weights)
    items = Items(catalogue.titles, catalogue.platform, len(catalogue.platforms))
    contents = _Contents(catalogue, Settings.load()) if wanted.vectors else None
    if contents is not None and wanted.dim is not None and wanted.dim > contents.model.dim:
        raise UsageError(f"--dim {wanted.dim}: the encoder has {contents.model.dim} dimensions; choose 1 to as many")
    _say(f"replaying {len(log)} events of {len(np.unique(log.users))} people ...")
    rules = AdapterRules(dim=wanted.dim) if wanted.adapter else None
    wishes = Wishes(wanted.seed, wanted.n_networks, wanted.balance, rules)
    trained = train(Behaviour(touches, items, len(log.user_names)), contents, wishes, _say)
    created_from = {"data": wanted.data.name, "until_s": float(log.times_s[-1])}
    encoder = None if contents is None else contents.model.label
    written = model_files.write_model(
        wanted.out, trained.model, encoder, created_from, {**created_from, **trained.metrics}
    )
    for sentence in trained.verdict:
        typer.echo(sentence)
    known = trained.metrics["reranker"]
    typer.echo(
        f"{written}: taken item in the first 10 of 61 in {known['hits']:.1%} of {known['n_held_out']} later requests "
        f"(decayed popularity {known['by_heat']:.1%})"
    )
    if wanted.use:
        model_files.use(wanted.out, written.name)
        typer.echo(f"{wanted.out / model_files.CURRENT} is {written.name}")


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _read(path: Path) -> Log:
    """Raises UsageError for what holds no behaviour of a clock that all share."""
    found = recognise(path)
    if found.kind == "labelled_texts":
        raise UsageError(f"{path}: labelled texts hold no behaviour; give a folder of tables or CloudEvents")
    if found.kind == "cloud_events":
        return event_log(found.files, "train")
    folder = read_csv_folder(path)
    if not folder.log.has_shared_clock:
        raise UsageError(f"{path}: times count from each person's first event; a stream needs a clock that all share")
    return folder.log.only(folder.parts == MAIN)


def _before(log: Log, until_s: float | None) -> Log:
    """What people took to, before a time; what they turned away from is left out."""
    kept = log.weights > 0.0
    kept &= log.times_s < (np.inf if until_s is None else until_s)
    if not kept.any():
        raise UsageError("nothing is left to learn from; give a longer log, or a later --until")
    return log.only(kept)


class _Contents:
    """Meets `training.whole_model.Contents`: what content is, with the configured encoder and the worker's rules."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._platform = catalogue.platform
        self._content = CatalogueContent(catalogue, settings)
        self.model = self._content.model

    @cached_property
    def encoded(self) -> Encoded:
        """As `item-vectors` has them."""
        return Encoded(self.model.label, self._content.vectors, self._platform)

    def replay(self, adapter: Adapter | None) -> ContentReplay:
        """Profiles and recommendations from nothing."""
        content = self._content
        spaces = {FROZEN: content.space(None)}
        if adapter is not None:
            spaces[ADAPTED] = content.space(adapter)
        return ContentReplay(content.items, content.worker(), spaces)
