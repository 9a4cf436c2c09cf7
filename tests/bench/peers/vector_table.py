"""All vectors in one matrix: items as published, then texts, then a ring of blends of both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.adapters.item_records import unpack_item, vector_of
from streams.domain.events import Event, item_key
from streams.ports import Encoder
from streams.service.event_vectors import OWN_WORDS
from streams.wiring import model_of
from tests.bench.texts import reviews
from tests.support.pipeline import records_of

#: More than any engine holds in flight.
N_BLENDS = 16_384


class VectorTable:
    """rows: float32 (N, D). A row of a blend is good until N_BLENDS later ones were asked for.

    items: the rows of the items, by key. Texts that are not among the reviews are encoded when they come.
    """

    def __init__(self, servers: str, topic: str, encoder: Encoder) -> None:
        label = model_of(encoder).label
        vectors: list[NDArray[np.float32]] = []
        self._encoder = encoder
        self._rows_of_items: dict[str, int] = {}
        for message in records_of(servers, topic):
            key, value = message.key(), message.value()
            record = unpack_item(value) if value else None
            assert key is not None
            assert record is not None
            vector = vector_of(record, label, encoder.dim)
            assert vector is not None
            self._rows_of_items[key.decode()] = len(vectors)
            vectors.append(vector)
        texts = reviews()
        encoded = encoder.encode(texts).vectors.astype(np.float16).astype(np.float32)
        self._rows_of_texts = {text: len(vectors) + number for number, text in enumerate(texts)}
        self._first_blend = len(vectors) + len(texts)
        self._n_blends = 0
        self.rows = np.concatenate([np.stack(vectors), encoded, np.zeros((N_BLENDS, encoder.dim), np.float32)])
        self.items = {key: self.rows[row] for key, row in self._rows_of_items.items()}

    def row_of(self, event: Event) -> int:
        """Row of the event's vector; the benchmark's events all have a known item."""
        assert event.item is not None
        item = self._rows_of_items[item_key(event.platform, event.item.item_id)]
        return self._blend(item, event.text) if event.text else item

    def _blend(self, item: int, text: str) -> int:
        known = self._rows_of_texts.get(text)
        words = self._encoder.encode([text]).vectors[0] if known is None else self.rows[known]
        mixed = self.rows[item] + np.float32(OWN_WORDS) * words
        row = self._first_blend + self._n_blends % N_BLENDS
        self._n_blends += 1
        self.rows[row] = mixed / np.float32(np.sqrt(mixed @ mixed) or 1.0)
        return row
