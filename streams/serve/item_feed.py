"""The `item-vectors` topic into the catalogue and the nearest-item index, which may stand at different offsets.

The catalogue keeps its offsets with every batch, the index only with its snapshots; reading starts at the earlier of
the two and each takes what is new to it. Vectors of another model than the current one are never mixed in: such an item
is counted, leaves the index, and comes back when the catalogue stage has encoded it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import structlog

from streams.adapters.item_catalogue import LocalItemCatalogue, VectorModel
from streams.adapters.item_records import unpack_item, vector_of
from streams.adapters.topic_follower import Batch, Message
from streams.domain.events import ItemRecord
from streams.domain.newest import NewestItems
from streams.ports import Clock, NeighbourIndex, Vectors
from streams.serve.behaviour_feed import BehaviourFeed
from streams.telemetry import metrics

VIEW: Final = "items"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class IndexStore:
    """The index, where its topic's reading stands, and how to keep both. save may run beside changes."""

    index: NeighbourIndex
    next_offsets: Mapping[int, int]
    save: Callable[[Mapping[int, int]], None]


class ItemFeed:
    """A sink of the topic."""

    def __init__(
        self, catalogue: LocalItemCatalogue, store: IndexStore, newest: NewestItems, model: VectorModel, clock: Clock
    ) -> None:
        self.behaviour: BehaviourFeed | None = None
        self._catalogue = catalogue
        self._store = store
        self._newest = newest
        self._model = model
        self._clock = clock
        self._started_s = clock.now_s()
        self._delay = metrics.REFRESH_DELAY.labels(VIEW)
        self._catalogued = dict(catalogue.next_offsets())
        self._indexed = dict(store.next_offsets)
        self._saved = dict(store.next_offsets)
        self._saving = threading.Lock()
        self.n_other_model = 0
        for key, record in catalogue.records():
            newest.add(key, record.platform, record.item.category, record.updated_at_s)

    def next_offsets(self) -> Mapping[int, int]:
        """The earlier of what the catalogue and the index have."""
        common = self._catalogued.keys() & self._indexed.keys()
        return {partition: min(self._catalogued[partition], self._indexed[partition]) for partition in common}

    def apply(self, batch: Batch) -> None:
        """The catalogue first, so that whatever the index finds can be described."""
        fresh = _from(batch.messages, self._catalogued)
        if fresh:
            self._catalogue.apply(Batch(fresh, batch.next_offsets, batch.received_at_s))
            self._catalogued.update(batch.next_offsets)
        self._index(_from(batch.messages, self._indexed))
        # Replaced, not changed: a snapshot being taken beside us keeps the offsets it began with.
        self._indexed = {**self._indexed, **batch.next_offsets}
        times = [message.at_s for message in batch.messages if message.at_s >= self._started_s]
        if times:
            self._delay.observe(max(0.0, self._clock.now_s() - min(times)))

    def clear(self) -> None:
        """Forget everything: the topic was made anew."""
        self._store.index.delete([key for key, _ in self._catalogue.records()])
        self._catalogue.clear()
        self._newest.clear()
        self._catalogued, self._indexed = {}, {}

    def save_snapshot(self) -> None:
        """Keep the index and its offsets if anything changed since the last time; a failure is counted, not raised."""
        with self._saving:
            # Taken before the index is: what is applied in between is applied again after a restart.
            offsets = self._indexed
            if offsets == self._saved:
                return
            try:
                self._store.save(offsets)
            except OSError as error:
                metrics.SNAPSHOTS.labels("failed").inc()
                _log.warning("snapshot_failed", why=str(error))
            else:
                self._saved = dict(offsets)
                metrics.SNAPSHOTS.labels("written").inc()

    def refresh_gauges(self) -> None:
        """Publish the size."""
        metrics.VIEW_RECORDS.labels(VIEW).set(self._catalogue.n_items())

    def close(self) -> None:
        """A last snapshot; then release the folder."""
        self.save_snapshot()
        self._catalogue.close()

    def _index(self, messages: list[Message]) -> None:
        newest = {message.key.decode("utf-8", "replace"): message.value or None for message in messages}
        kept: dict[str, tuple[ItemRecord, Vectors]] = {}
        gone: list[str] = []
        n_other = 0
        for key, raw in newest.items():
            record = unpack_item(raw) if raw is not None else None
            if record is None:
                self._newest.remove(key)
                gone.append(key)
                continue
            self._newest.add(key, record.platform, record.item.category, record.updated_at_s)
            vector = vector_of(record, self._model.name, self._model.dim)
            if vector is None:
                n_other += 1
                gone.append(key)
            else:
                kept[key] = record, vector
        if self.behaviour is not None:
            self.behaviour.items_changed({key: record for key, (record, _) in kept.items()}, gone)
        if gone:
            self._store.index.delete(gone)
        if kept:
            records = [record for record, _ in kept.values()]
            self._store.index.upsert(
                list(kept),
                np.stack([vector for _, vector in kept.values()]),
                [record.platform for record in records],
                [record.item.category for record in records],
            )
        if n_other and not self.n_other_model:
            _log.warning("items_of_another_model", expected=self._model.name, n_items=n_other)
        self.n_other_model += n_other
        metrics.ITEMS_OF_OTHER_MODEL.inc(n_other)


def _from(messages: list[Message], offsets: Mapping[int, int]) -> list[Message]:
    return [message for message in messages if message.offset >= offsets.get(message.partition, 0)]
