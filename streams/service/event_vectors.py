"""The vector of each event of a batch: its item's, its own words' or a blend of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from streams.domain.events import Event, item_key
from streams.domain.masking import without_tokens
from streams.domain.rendering import render_item
from streams.domain.vector_sums import Vectors
from streams.ports import ItemCatalogue, Role

#: How much a person's own words weigh beside the vector of the item that they are about.
OWN_WORDS: Final = 0.5


class Texts(Protocol):
    """Texts to unit vectors through the cache (service.encode_texts); blocks, so only `prepare` calls it."""

    def vectors(self, texts: Sequence[str], role: Role = "passage") -> Vectors:
        """float32 (B, D), zero rows for empty texts."""


class EventVectors:
    """Looks items up and has texts encoded, each distinct one once a batch."""

    def __init__(self, items: ItemCatalogue, texts: Texts, dim: int) -> None:
        self._items = items
        self._texts = texts
        self._dim = dim

    def of(self, events: list[Event], silent: frozenset[int]) -> tuple[Vectors, list[int], dict[int, int]]:
        """(matrix, row of each event or -1, row of its own words by place where it has any).

        An event's vector is its item's, its own words' or a blend of both.
        """
        keys = [item_key(event.platform, event.item.item_id) if event.item is not None else "" for event in events]
        distinct = [key for key in dict.fromkeys(keys) if key]
        found_vectors, found = self._items.vectors_of(distinct)
        item_row = {key: row for row, key in enumerate(distinct) if found[row]}
        texts: dict[str, int] = {}
        rows: list[int] = []
        spoken: dict[int, int] = {}
        blended: dict[int, tuple[int, int]] = {}
        for place, (key, event) in enumerate(zip(keys, events, strict=True)):
            row = item_row.get(key, -1)
            if row < 0 and event.item is not None:  # the catalogue lacks it
                row = _row(texts, render_item(event.item), len(distinct))
            if event.text and place not in silent:
                words = spoken[place] = _row(texts, without_tokens(event.text), len(distinct))
                if row >= 0:
                    blended[len(rows)] = row, words
                row = words
            rows.append(row)
        encoded = self._texts.vectors(list(texts)) if texts else np.zeros((0, self._dim), np.float32)
        base = np.concatenate([found_vectors, encoded]) if distinct else encoded  # (items + texts, D)
        blends: dict[tuple[int, int], int] = {}
        for at, pair in blended.items():
            rows[at] = blends.setdefault(pair, len(base) + len(blends))
        return _with_blends(base, blends), rows, spoken


def _row(texts: dict[str, int], text: str, first_row: int) -> int:
    """Row of a text, noted for encoding when it is new; -1 for no text."""
    return texts.setdefault(text, first_row + len(texts)) if text else -1


def _with_blends(base: Vectors, blends: dict[tuple[int, int], int]) -> Vectors:
    """The base rows, then unit(item + OWN_WORDS·words) for every pair: float32 (B, D)."""
    if not blends:
        return base
    items, words = np.array(list(blends), np.intp).T
    mixed = base[items] + np.float32(OWN_WORDS) * base[words]
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.concatenate([base, mixed / np.where(norms > 0.0, norms, 1.0)]).astype(np.float32, copy=False)
