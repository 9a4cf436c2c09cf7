"""MainDeltaIndex: an immutable HNSW main part, a flat delta for everything newer, tombstones, background rebuilds.

A change appends rows and publishes a new view by one assignment; a search takes the view it finds and needs no lock.
Measured against changing a graph in place, this keeps p99 where it was (docs/performance.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from index.changes import Batch, appended, changed_part, live_rows_of, removed
from index.errors import RebuildFailed
from index.keys import ABSENT
from index.neighbours import Neighbour, Request, Rows, Vectors, check_k, check_lengths, checked_vectors
from index.rebuilds import Tuning, Way, build, joined, way_to_rebuild
from index.reports import IndexReport
from index.searching import around, nearest
from index.stored import StoredRows, from_stored, to_stored
from index.views import View

KEY_BYTES = 160  # an entry of the key table with its string, two label codes, two bits
DEFAULTS = Tuning()
Job = Callable[[], None]


def in_thread(job: Job) -> None:
    """Start the job in a thread of its own; daemon, so that an unfinished build does not hold up the exit."""
    threading.Thread(target=job, name="index-rebuild", daemon=True).start()


@dataclass
class _Rebuilds:
    """Kept by the rebuild, read by the report."""

    n: int = 0
    last_s: float = 0.0
    failure: BaseException | None = None


class MainDeltaIndex:
    """Nearest items, approximate once there are more than `tuning.flat_rows`, exact before.

    One writer, any number of readers; a search sees every change that returned before it began, and all or nothing of
    a call. start: runs the background build, `in_thread` unless a test wants to hold it back.

    >>> index = MainDeltaIndex(dim=2)
    >>> index.upsert(["shop:1"], np.array([[1, 0]], dtype=np.float32), ["shop"], ["shoes"])
    >>> index.search(np.array([[1, 0]], dtype=np.float32), k=3, platform="shop")
    [[Neighbour(key='shop:1', score=1.0)]]
    """

    def __init__(self, dim: int, tuning: Tuning = DEFAULTS, start: Callable[[Job], None] = in_thread) -> None:
        if dim < 1:
            raise ValueError(f"dim = {dim}: a vector has at least 1 number")
        self._dim = dim
        self._tuning = tuning
        self._start = start
        self._view = View.empty(dim)
        self._writing = threading.RLock()  # the writer and the end of a rebuild; never a reader
        self._is_building = False
        self._idle = threading.Event()  # set when no rebuild is running or due
        self._idle.set()
        self._stopping = threading.Event()
        self._rebuilds = _Rebuilds()

    @property
    def dim(self) -> int:
        """D, the length of every vector."""
        return self._dim

    def __len__(self) -> int:
        return self._view.n_live

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._view.row_of(key) != ABSENT

    def upsert(
        self, keys: Sequence[str], vectors: Vectors, platforms: Sequence[str], categories: Sequence[str]
    ) -> None:
        """Add or replace; of a key given twice the last counts. vectors: float32 (N, D), unit rows or zero.

        What is there already, vector and labels alike, costs nothing: replaying a topic moves no row.
        Raises ValueError for wrong shapes, RebuildFailed when the last rebuild did.
        """
        vectors = checked_vectors(vectors, self._dim, "vectors")
        check_lengths(len(vectors), keys=keys, platforms=platforms, categories=categories)
        batch = Batch(keys, vectors, platforms, categories).without_repeats()
        with self._writing:
            self._check_failure()
            changed = changed_part(self._view, batch)
            if len(changed.keys):
                self._view = appended(self._view, changed)
                self._consider_rebuild()

    def delete(self, keys: Iterable[str]) -> None:
        """Forget the keys; unknown ones are ignored. Raises RebuildFailed when the last rebuild did."""
        with self._writing:
            self._check_failure()
            gone = live_rows_of(self._view, set(keys))
            if len(gone):
                self._view = removed(self._view, gone)
                self._consider_rebuild()

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        platform: str | None = None,
        category: str | None = None,
        exclude: Collection[str] = (),
    ) -> list[list[Neighbour]]:
        """For each query (Q, D) at most k neighbours, best first, ties by key. A zero query has none.

        Raises ValueError for k < 1 or a wrong shape; unknown labels and keys are just absent.
        """
        queries, asked = self._asked(queries, k)
        request = Request(queries[asked], k, platform, category, exclude)
        results: list[list[Neighbour]] = [[] for _ in queries]
        if len(asked):
            found = nearest(self._view, request)
            for position, neighbours in zip(asked.tolist(), found, strict=True):
                results[position] = neighbours
        return results

    def around(
        self,
        queries: Vectors,
        k: int,
        *,
        platform: str | None = None,
        category: str | None = None,
        exclude: Collection[str] = (),
    ) -> tuple[list[str], Vectors]:
        """The items that `search` finds for any of the queries, rising by key: (keys, float32 (N, D))."""
        queries, asked = self._asked(queries, k)
        if not len(asked):
            return [], np.empty((0, self._dim), dtype=np.float32)
        return around(self._view, Request(queries[asked], k, platform, category, exclude))

    def _asked(self, queries: Vectors, k: int) -> tuple[Vectors, Rows]:
        """(checked queries (Q, D), which of them are not zero)."""
        check_k(k)
        queries = checked_vectors(queries, self._dim, "queries")
        return queries, np.flatnonzero(queries.any(axis=1))

    def vectors_of(self, keys: Sequence[str]) -> tuple[list[str], Vectors]:
        """Of the keys that are present, in the order asked: (keys, float32 (N, D))."""
        return self._view.vectors_of(keys)

    def report(self) -> IndexReport:
        """Sizes and rebuilds, for the metrics."""
        view = self._view
        main_bytes = view.main.graph.n_bytes + view.main.postings.n_bytes if view.main is not None else 0
        return IndexReport(
            n_rows=view.n_live,
            n_main=view.n_main,
            n_delta=view.n_tail,
            n_tombstones=view.n_rows - view.n_live,
            n_rebuilds=self._rebuilds.n,
            last_rebuild_s=self._rebuilds.last_s,
            n_bytes=main_bytes + view.tail.n_bytes + KEY_BYTES * view.n_rows,
        )

    def stored(self) -> StoredRows:
        """Everything at this moment, for `snapshots.save`; changes may go on meanwhile."""
        return to_stored(self._view)

    @classmethod
    def of(cls, stored: StoredRows, tuning: Tuning = DEFAULTS) -> Self:
        """The index that `stored` describes, graph included."""
        index = cls(stored.dim, tuning)
        index._view = from_stored(stored, tuning.shape)
        return index

    def rebuild(self, way: Way = "renew") -> None:
        """Start a rebuild now, unless one is running. The usual ones start by themselves."""
        with self._writing:
            if not self._is_building:
                self._begin(way)

    def settle(self, timeout_s: float | None = None) -> bool:
        """Wait until no rebuild is running or due; False when the time is over. Raises RebuildFailed."""
        is_settled = self._idle.wait(timeout_s)
        self._check_failure()
        return is_settled

    def close(self) -> None:
        """Stop a running rebuild and start no other; searches still work."""
        self._stopping.set()
        self._idle.wait()

    def _check_failure(self) -> None:
        if self._rebuilds.failure is not None:
            raise RebuildFailed(
                f"the rebuild of {len(self)} items of dimension {self._dim} failed: restart the process"
            ) from self._rebuilds.failure

    def _consider_rebuild(self) -> None:
        way = way_to_rebuild(self._view, self._tuning)
        if way is not None and not self._is_building and not self._stopping.is_set():
            self._begin(way)

    def _begin(self, way: Way) -> None:
        base = self._view
        self._is_building = True
        self._idle.clear()
        self._start(lambda: self._run(base, way))

    def _run(self, base: View, way: Way) -> None:
        started_s = time.perf_counter()
        try:
            built = build(base, way, self._tuning, self._stopping.is_set)
            with self._writing:
                if built is not None:
                    self._view = joined(built, base, self._view)
                    self._rebuilds.n += 1
                    self._rebuilds.last_s = time.perf_counter() - started_s
                self._is_building = False
                self._consider_rebuild()
                if not self._is_building:
                    self._idle.set()
        except BaseException as error:  # noqa: BLE001 - a thread has no caller: the next change reports it
            self._rebuilds.failure = error
            self._idle.set()
