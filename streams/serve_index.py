"""The index of serve: from its own snapshot when that can be trusted and fits, else empty and filled from the topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from index.errors import CorruptSnapshot, NoSnapshot, SnapshotMismatch
from index.factory import NearestIndex, build_index, index_of
from index.snapshots import load, save
from streams.adapters.item_catalogue import VectorModel
from streams.ranking.live import LiveRanker
from streams.ranking.reranker_files import PACKAGED, packaged
from streams.ranking.reranker_files import load as load_rerankers
from streams.serve.item_feed import IndexStore
from streams.serve.people_index import PeopleIndex
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


def open_index(choice: Index, directory: Path, model: VectorModel, *, fresh: bool) -> ServedIndex:
    """Restore or begin. fresh: leave snapshots aside, because what is built from the same topic starts anew too."""
    index, offsets = _empty(choice, model) if fresh else _restored(choice, directory, model)

    def keep(next_offsets: Mapping[int, int]) -> None:
        saved = {str(partition): offset for partition, offset in next_offsets.items()}
        save(index, directory, {OFFSETS: saved, MODEL: model.name})

    return ServedIndex(index, IndexStore(index, offsets, keep))


def people_index(settings: Settings, model: VectorModel) -> PeopleIndex | None:
    """An empty index of people where one is wanted; it has no snapshot, the local profiles fill it at every start."""
    choice = settings.index
    if not choice.people:
        return None
    index = build_index(choice.kind, model.dim, choice.max_delta_rows)
    return PeopleIndex(index, model.name, settings.consent.recommend)


def live_ranker(settings: Settings) -> LiveRanker | None:
    """An empty ranker by behaviour where one is wanted; the local views fill it at every start. Raises UsageError."""
    choice = settings.recommend
    if not choice.behaviour:
        return None
    return LiveRanker(load_rerankers(Path(choice.reranker) / PACKAGED) if choice.reranker else packaged())


class IndexGauges:
    """Publishes the index's own report as metrics."""

    def __init__(self, index: NearestIndex) -> None:
        self._index = index
        self._n_rebuilds = 0

    def refresh(self) -> None:
        """Called when metrics are read."""
        report = self._index.report()
        metrics.INDEX_ITEMS.set(report.n_rows)
        metrics.INDEX_DELTA.set(report.n_delta)
        metrics.INDEX_REBUILDS.inc(max(0, report.n_rebuilds - self._n_rebuilds))
        self._n_rebuilds = report.n_rebuilds


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
