"""The index of serve: from its own snapshot when that can be trusted and fits, else empty and filled from the topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from index.errors import CorruptSnapshot, NoSnapshot, SnapshotMismatch
from index.factory import NearestIndex, build_index, index_of
from index.snapshots import load, save
from streams.adapters.item_catalogue import VectorModel
from streams.ranking.adapter import Adapter
from streams.serve.item_feed import IndexStore
from streams.serve.people_index import PeopleIndex
from streams.service.tastes import as_encoded
from streams.settings import Index, Settings
from streams.telemetry import metrics

OFFSETS = "next_offsets"
MODEL = "model"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ServedIndex:
    """An index with its snapshots in `directory`."""

    index: NearestIndex
    store: IndexStore


def open_index(
    choice: Index, directory: Path, model: VectorModel, *, fresh: bool, adapter: Adapter | None = None
) -> ServedIndex:
    """Restore or begin. fresh: leave snapshots aside, because what is built from the same topic starts anew too.

    model: whose vectors are published. adapter: brings them into the space of the index, None for none.
    """
    space = model if adapter is None else VectorModel(adapter.label, adapter.dim)
    index, offsets = _empty(choice, space) if fresh else _restored(choice, directory, space)

    def keep(next_offsets: Mapping[int, int]) -> None:
        saved = {str(partition): offset for partition, offset in next_offsets.items()}
        save(index, directory, {OFFSETS: saved, MODEL: space.name})

    adapt = as_encoded if adapter is None else adapter.apply
    return ServedIndex(index, IndexStore(index, offsets, keep, adapt))


def people_index(settings: Settings, model: VectorModel) -> PeopleIndex | None:
    """An empty index of people where one is wanted; it has no snapshot, the local profiles fill it at every start."""
    choice = settings.index
    if not choice.people:
        return None
    index = build_index(choice.kind, model.dim, choice.max_delta_rows)
    return PeopleIndex(index, model.name, settings.consent.recommend)


class IndexGauges:
    """Publishes the index's own report as metrics. present: the index that answers now."""

    def __init__(self, present: Callable[[], NearestIndex]) -> None:
        self._present = present
        self._counted: tuple[NearestIndex | None, int] = None, 0

    def refresh(self) -> None:
        """Called when metrics are read."""
        index = self._present()
        report = index.report()
        metrics.INDEX_ITEMS.set(report.n_rows)
        metrics.INDEX_DELTA.set(report.n_delta)
        n_before = self._counted[1] if self._counted[0] is index else 0
        metrics.INDEX_REBUILDS.inc(max(0, report.n_rebuilds - n_before))
        self._counted = index, report.n_rebuilds


def _restored(choice: Index, directory: Path, model: VectorModel) -> tuple[NearestIndex, dict[int, int]]:
    restore = partial(index_of, kind=choice.kind, max_delta_rows=choice.max_delta_rows)
    try:
        index, meta = load(directory, dim=model.dim, expected={MODEL: model.name}, restore=restore, refused=_refused)
    except NoSnapshot:
        return _empty(choice, model)
    except (CorruptSnapshot, SnapshotMismatch) as error:
        if isinstance(error, CorruptSnapshot):
            _refused(error)
        _log.warning("index_rebuilt_from_topic", why=str(error))
        return _empty(choice, model)
    offsets = {int(partition): int(offset) for partition, offset in meta[OFFSETS].items()}
    _log.info("index_restored", n_items=len(index))
    return index, offsets


def _refused(error: CorruptSnapshot) -> None:
    """Damage is told even where an older snapshot covers it: the disk may be failing."""
    metrics.SNAPSHOTS_REFUSED.inc()
    _log.warning("snapshot_refused", why=str(error))


def _empty(choice: Index, model: VectorModel) -> tuple[NearestIndex, dict[int, int]]:
    return build_index(choice.kind, model.dim, choice.max_delta_rows), {}
