"""The `item-vectors` topic into the catalogue and the nearest-item index, which may stand at different offsets.

The catalogue keeps its offsets with every batch, the index only with its snapshots; reading starts at the earlier of
the two and each takes what is new to it. Vectors of another model than the current one are never mixed in: such an item
is counted and stays findable by the vector that it had here, if it had one. So a serve goes on while workers with
another encoder encode everything anew, and one with that encoder beside it is ready when they are done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
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
from streams.service.tastes import Adapt, as_encoded
from streams.telemetry import metrics

VIEW: Final = "items"

_log = structlog.get_logger(__name__)


#: Items read at once when another index is filled beside the present one.
FILL: Final = 1_000


@dataclass(frozen=True)
class IndexStore:
    """The index, where its topic's reading stands, and how to keep both. save may run beside changes.

    adapt: brings vectors of the model into the space of the index.
    """

    index: NeighbourIndex
    next_offsets: Mapping[int, int]
    save: Callable[[Mapping[int, int]], None]
    adapt: Adapt = as_encoded


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
        self._saving, self._writing = threading.Lock(), threading.Lock()
        self._joining: IndexStore | None = None
        self._waiting: set[str] = set()
        self.n_other_model = 0
        for key, record in catalogue.records():
            newest.add(key, record.platform, record.item.category, record.updated_at_s)
            if record.model != model.name and key not in store.index:
                self._waiting.add(key)

    @property
    def n_waiting(self) -> int:
        """Items that cannot be found because no vector of this model was published of them yet."""
        return len(self._waiting)

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
        with self._writing:
            self._index(_from(batch.messages, self._indexed))
            # Replaced, not changed: a snapshot being taken beside us keeps the offsets it began with.
            self._indexed = {**self._indexed, **batch.next_offsets}
        times = [message.at_s for message in batch.messages if message.at_s >= self._started_s]
        if times:
            self._delay.observe(max(0.0, self._clock.now_s() - min(times)))

    def clear(self) -> None:
        """Forget everything: the topic was made anew."""
        with self._writing:
            for store in self._stores():
                store.index.delete([key for key, _ in self._catalogue.records()])
            self._catalogue.clear()
            self._newest.clear()
            self._waiting.clear()
            self._catalogued, self._indexed = {}, {}

    def exchange(self, store: IndexStore, begin: Callable[[], None]) -> None:
        """Fill another index beside the present one, which goes on, then let it take its place.

        begin: called when it is complete, before anything else changes; from then on only the new one is fed. Blocks
        for as long as the filling takes, about 0.1 ms an item; for one caller at a time.
        """
        with self._writing:
            self._joining = store
        try:
            records = self._catalogue.records()
            while keys := [key for key, _ in islice(records, FILL)]:
                with self._writing:  # as they are by now: a change may have come since
                    self._put_all(store, keys)
            with self._writing:
                begin()
                self._store, self._saved = store, {}
        finally:
            self._joining = None

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
            if vector is not None:
                kept[key] = record, vector
            else:
                n_other += 1
                if key not in self._store.index:
                    self._waiting.add(key)
        self._waiting.difference_update(kept, gone)
        if self.behaviour is not None:
            self.behaviour.items_changed({key: record for key, (record, _) in kept.items()}, gone)
        for store in self._stores():
            if gone:
                store.index.delete(gone)
            _put(store, kept)
        if n_other and not self.n_other_model:
            _log.warning("items_of_another_model", expected=self._model.name, n_items=n_other)
        self.n_other_model += n_other
        metrics.ITEMS_OF_OTHER_MODEL.inc(n_other)

    def _stores(self) -> list[IndexStore]:
        return [self._store] if self._joining is None else [self._store, self._joining]

    def _put_all(self, store: IndexStore, keys: list[str]) -> None:
        """Items as the catalogue has them, as far as their vectors are of this model."""
        kept: dict[str, tuple[ItemRecord, Vectors]] = {}
        for key, record in zip(keys, self._catalogue.records_of(keys), strict=True):
            vector = None if record is None else vector_of(record, self._model.name, self._model.dim)
            if record is not None and vector is not None:
                kept[key] = record, vector
        _put(store, kept)


def _put(store: IndexStore, kept: Mapping[str, tuple[ItemRecord, Vectors]]) -> None:
    if kept:
        records = [record for record, _ in kept.values()]
        store.index.upsert(
            list(kept),
            store.adapt(np.stack([vector for _, vector in kept.values()])),
            [record.platform for record in records],
            [record.item.category for record in records],
        )


def _from(messages: list[Message], offsets: Mapping[int, int]) -> list[Message]:
    return [message for message in messages if message.offset >= offsets.get(message.partition, 0)]
