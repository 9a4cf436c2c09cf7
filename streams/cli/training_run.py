"""What `braid train` does once it knows what is wanted: read, encode, learn, write, use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Final

import numpy as np
import typer
from numpy.typing import NDArray

from index.factory import build_index
from streams.cli.logged_events import event_log
from streams.domain.actions import ActionTable
from streams.domain.events import Item
from streams.domain.profiles import Model
from streams.domain.rendering import render_item
from streams.errors import UsageError
from streams.evaluation.catalogue import Catalogue
from streams.evaluation.csv_folders import MAIN, read_csv_folder
from streams.evaluation.datasets import recognise
from streams.evaluation.logs import Log
from streams.ports import Encoder, NeighbourIndex
from streams.ranking import model_files
from streams.ranking.adapter import Adapter
from streams.ranking.replays import Items
from streams.serve.background import background_of
from streams.service.tastes import as_encoded
from streams.settings import Settings
from streams.training.adapter import AdapterRules, Encoded
from streams.training.content_replay import ContentReplay, LoggedItems, Space, Worker
from streams.training.touches import TouchLog
from streams.training.whole_model import ADAPTED, FROZEN, Behaviour, Wishes, train
from streams.wiring import encoder_of, fold_rules_of, model_of, publish_rules_of

#: Texts between two words on how far encoding is.
SAID_EVERY: Final = 4_096


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
    contents = _Contents(catalogue, touches, Settings.load(), wanted.seed) if wanted.vectors else None
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

    def __init__(self, catalogue: Catalogue, touches: TouchLog, settings: Settings, seed: int) -> None:
        self._catalogue, self._touches, self._settings, self._seed = catalogue, touches, settings, seed
        self._encoder: Encoder = encoder_of(settings)
        self.model: Model = model_of(self._encoder)

    @cached_property
    def encoded(self) -> Encoded:
        """Rounded as `item-vectors` has them."""
        texts = [render_item(item) for item in self._said]
        vectors = np.zeros((len(texts), self.model.dim), np.float32)
        rows = np.array([row for row, text in enumerate(texts) if text], np.intp)
        for start in range(0, len(rows), SAID_EVERY):
            _say(f"encoded {start} of {len(rows)} items with {self.model.label} ...")
            some = rows[start : start + SAID_EVERY]
            vectors[some] = self._encoder.encode([texts[row] for row in some]).vectors.astype(np.float16)
        return Encoded(self.model.label, _unit(vectors), self._catalogue.platform)

    def replay(self, adapter: Adapter | None) -> ContentReplay:
        """Profiles and recommendations from nothing."""
        vectors = self.encoded.vectors
        spaces = {FROZEN: Space(vectors, as_encoded, background_of(self._encoder), self._index(self.model.dim))}
        if adapter is not None:
            background = background_of(self._encoder, adapter.apply)
            spaces[ADAPTED] = Space(adapter.apply(vectors), adapter.apply, background, self._index(adapter.dim))
        first_s = np.full(len(self._catalogue), np.inf)
        np.minimum.at(first_s, self._touches.items, self._touches.times_s)
        platforms = [self._catalogue.platforms[code] for code in self._catalogue.platform]
        worker = Worker(
            vectors,
            fold_rules_of(self._settings, ActionTable(), self.model),
            publish_rules_of(self._settings, self._encoder),
        )
        return ContentReplay(LoggedItems(self._said, platforms, first_s), worker, spaces)

    @cached_property
    def _said(self) -> Sequence[Item]:
        catalogue = self._catalogue
        return [
            Item(
                str(row),
                title=title,
                category=category,
                brand=brand,
                tags=tags,
                price=None if isnan(price) else price,
            )
            for row, (title, category, brand, tags, price) in enumerate(
                zip(
                    catalogue.titles,
                    catalogue.categories,
                    catalogue.brands,
                    catalogue.attributes,
                    catalogue.prices.tolist(),
                    strict=True,
                )
            )
        ]

    def _index(self, dim: int) -> NeighbourIndex:
        choice = self._settings.index
        return build_index(choice.kind, dim, choice.max_delta_rows)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0.0)
    return units
