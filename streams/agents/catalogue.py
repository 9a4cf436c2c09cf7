"""Stage `catalogue`: `items` → `item-vectors`."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.agents.dead_letters import Keep, count_dead_letters, dead_letters
from streams.domain.dead_letters import plain
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.engine.effects import Effects, Outgoing, StateReader
from streams.service.describe_items import DescribedItems, ItemDescriber
from streams.service.item_gate import STAGE
from streams.telemetry import metrics

_encode: Final = msgspec.msgpack.Encoder().encode


class CatalogueStage:
    """Encodes each item's text once and publishes it with its vector; keeps no state."""

    name = STAGE

    def __init__(self, describer: ItemDescriber, topics: TopicNames, keep: Keep = plain) -> None:
        self._describer = describer
        self._topics = topics
        self._keep = keep

    def prepare(self, records: list[RawRecord]) -> DescribedItems:
        """Decode and encode; blocks for the encoder."""
        return self._describer.describe(records)

    def fold(self, prepared: DescribedItems, state: StateReader) -> Effects:  # noqa: ARG002
        """Items under `<platform>:<item_id>`; null deletes."""
        items: list[tuple[bytes | None, bytes | None]] = [
            (key.encode(), None if record is None else _encode(record)) for key, record in prepared.items
        ]
        outputs = [Outgoing(self._topics.item_vectors, items)] if items else []
        return Effects(outputs + dead_letters(self._topics.dead_letters, prepared.dead, self._keep))

    def committed(self, prepared: DescribedItems) -> None:
        """Count outcomes."""
        count_dead_letters(prepared.dead)
        n_deleted = sum(record is None for _, record in prepared.items)
        metrics.ITEMS.labels("deleted").inc(n_deleted)
        metrics.ITEMS.labels("upserted").inc(len(prepared.items) - n_deleted)
