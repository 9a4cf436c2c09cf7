"""A catalogue of logged data as the settings' encoder and worker have it: vectors, items, and spaces to compare in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import isnan
from typing import Final

import numpy as np
import typer
from numpy.typing import NDArray

from index.factory import Kind, build_index
from streams.adapters.mapping_files import load_mappings
from streams.domain.events import Item
from streams.domain.profiles import Model
from streams.domain.rendering import render_item
from streams.evaluation.catalogue import Catalogue
from streams.ports import Encoder, NeighbourIndex
from streams.ranking.adapter import Adapter
from streams.serve.background import background_of
from streams.service.tastes import as_encoded
from streams.settings import Settings
from streams.training.replayed_profiles import LoggedItems, Space, Worker
from streams.wiring import actions_of, encoder_of, fold_rules_of, model_of, publish_rules_of

#: Texts between two words on how far encoding is.
SAID_EVERY: Final = 4_096


class CatalogueContent:
    """Of I items. Raises Unavailable where the encoder cannot be had."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue, self._settings = catalogue, settings
        self._encoder: Encoder = encoder_of(settings)
        self.model: Model = model_of(self._encoder)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """float32 (I, D), unit rows, rounded as `item-vectors` has them; zero for an item without words."""
        texts = [render_item(item) for item in self.items.said]
        vectors = np.zeros((len(texts), self.model.dim), np.float32)
        rows = np.array([row for row, text in enumerate(texts) if text], np.intp)
        for start in range(0, len(rows), SAID_EVERY):
            typer.echo(f"encoded {start} of {len(rows)} items with {self.model.label} ...", err=True)
            some = rows[start : start + SAID_EVERY]
            vectors[some] = self._encoder.encode([texts[row] for row in some]).vectors.astype(np.float16)
        return _unit(vectors)

    @cached_property
    def items(self) -> LoggedItems:
        """What platforms say of them."""
        platforms = [self._catalogue.platforms[code] for code in self._catalogue.platform]
        return LoggedItems(_said(self._catalogue), platforms)

    def worker(self) -> Worker:
        """How profiles come to be."""
        actions = actions_of(self._settings, load_mappings(self._settings.ingest.mappings_dir))
        rules = fold_rules_of(self._settings, actions, self.model)
        return Worker(self.vectors, rules, publish_rules_of(self._settings, self._encoder, actions))

    def space(self, adapter: Adapter | None, index: Kind | None = None) -> Space:
        """The encoder's own space, or that of an adapter, with an empty index, of the settings' kind or another."""
        if adapter is None:
            return Space(self.vectors, as_encoded, background_of(self._encoder), self._index(self.model.dim, index))
        background = background_of(self._encoder, adapter.apply)
        return Space(adapter.apply(self.vectors), adapter.apply, background, self._index(adapter.dim, index))

    def _index(self, dim: int, kind: Kind | None) -> NeighbourIndex:
        choice = self._settings.index
        return build_index(kind or choice.kind, dim, choice.max_delta_rows)


def _said(catalogue: Catalogue) -> Sequence[Item]:
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


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0.0)
    return units
