"""All vectors in one matrix: items as published, then texts, then a ring of blends of both."""

from __future__ import annotations

import numpy as np

from streams.adapters.item_records import unpack_item, vector_of
from streams.domain.events import Event, item_key
from streams.ports import Encoder
from streams.service.update_profiles import OWN_WORDS
from streams.wiring import model_of
from tests.bench.texts import reviews
from tests.support.pipeline import records_of

#: More than any engine holds in flight.
N_BLENDS = 16_384


class VectorTable:
    """rows: float32 (N, D). A row of a blend is good until N_BLENDS later ones were asked for.

    items: the rows of the items, by key.
    """

    def __init__(self, servers: str, topic: str, encoder: Encoder) -> None:
        label = model_of(encoder).label
        vectors = []
        self._rows_of_items: dict[str, int] = {}
        for message in records_of(servers, topic):
            record = unpack_item(message.value())
            assert record is not None
            vector = vector_of(record, label, encoder.dim)
            assert vector is not None
            self._rows_of_items[message.key().decode()] = len(vectors)
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
        return self._blend(item, self._rows_of_texts[event.text]) if event.text else item

    def _blend(self, item: int, text: int) -> int:
        mixed = self.rows[item] + np.float32(OWN_WORDS) * self.rows[text]
        row = self._first_blend + self._n_blends % N_BLENDS
        self._n_blends += 1
        self.rows[row] = mixed / np.float32(np.sqrt(mixed @ mixed) or 1.0)
        return row
