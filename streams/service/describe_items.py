"""The catalogue use case: what platforms say about items becomes item records with a vector, encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from streams.domain.dead_letters import DeadLetter
from streams.domain.envelopes import Decode
from streams.domain.events import ItemRecord, item_key
from streams.domain.limits import IngestLimits
from streams.domain.profiles import Model
from streams.domain.raw import RawRecord
from streams.domain.rendering import render_item
from streams.errors import InvalidEvent
from streams.service.event_vectors import Texts
from streams.service.item_gate import STAGE, ItemDeleted, ItemUpserted, decode_item


@dataclass(slots=True)
class DescribedItems:
    """Records for `item-vectors` in source order (None deletes), and what could not be read."""

    items: list[tuple[str, ItemRecord | None]] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


class ItemDescriber:
    """Decodes, renders and encodes items, a batch at a time."""

    def __init__(
        self, decode: Decode, limits: IngestLimits, texts: Texts, model: Model, *, degraded: bool
    ) -> None:
        self._decode = decode
        self._limits = limits
        self._texts = texts
        self._model = model.label
        self._degraded = degraded

    def describe(self, records: Sequence[RawRecord]) -> DescribedItems:
        """One record out for each readable one in; of several for one item in the batch only the last is encoded."""
        described = DescribedItems()
        latest: dict[str, tuple[ItemUpserted, int] | None] = {}
        for record in records:
            try:
                said = decode_item(record, self._limits, self._decode)
            except InvalidEvent as error:
                described.dead.append(DeadLetter.of(record, STAGE, error))
                continue
            if isinstance(said, ItemDeleted):
                latest[item_key(said.platform, said.item_id)] = None
            else:
                latest[item_key(said.platform, said.item.item_id)] = (said, record.offset)
        self._encode(latest, described)
        return described

    def _encode(self, latest: dict[str, tuple[ItemUpserted, int] | None], described: DescribedItems) -> None:
        upserted = [entry for entry in latest.values() if entry is not None]
        texts = [render_item(said.item) for said, _ in upserted]
        vectors = iter(self._texts.vectors(texts)) if texts else iter(())
        for key, entry in latest.items():
            if entry is None:
                described.items.append((key, None))
                continue
            said, offset = entry
            vector = next(vectors).astype(np.float16).tobytes()
            described.items.append(
                (
                    key,
                    ItemRecord(
                        said.platform, said.item, self._model, vector, self._degraded, said.updated_at_s, offset
                    ),
                )
            )
