"""How the main part is renewed: what to do, the slow building, and joining it with what changed meanwhile.

Building reads one view, which never changes, so it needs no lock; joining takes milliseconds and is done by the
writer's side. Three ways: *flatten* (few live rows: drop the dead ones, no graph), *extend* (copy the graph and add
the tail; row numbers stay) and *renew* (a new graph of the live rows, once too many are dead).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from index.bitmaps import Bits, holds, packed
from index.graphs import Graph, GraphShape, copied, empty_hnsw, grow
from index.logs import RowLog, Tail
from index.neighbours import Rows
from index.views import Main, View

Way = Literal["flatten", "extend", "renew"]
BLOCK_ROWS = 1_024
DEFAULT_SHAPE = GraphShape()


@dataclass(frozen=True)
class Tuning:
    """When to rebuild, and how to build and search.

    max_delta_rows: newer rows scanned flat before the graph takes them in. flat_rows: with no more live rows than
    this there is no graph at all, every search is exact. dead_share: tombstones among all rows that make a new graph
    worth its price; a share s costs 1/s graph insertions (0.2 ms each) a change in the long run. n_build_threads:
    cores of the background build.
    """

    max_delta_rows: int = 4_000
    flat_rows: int = 10_000
    dead_share: float = 0.4
    n_build_threads: int = 1
    shape: GraphShape = DEFAULT_SHAPE

    def __post_init__(self) -> None:
        if self.max_delta_rows < 1:
            raise ValueError(f"max_delta_rows = {self.max_delta_rows}: use at least 1, 4000 is a good value")
        if not 0 < self.dead_share < 1:
            raise ValueError(f"dead_share = {self.dead_share}: use a share between 0 and 1, such as 0.4")


@dataclass(frozen=True)
class Built:
    """A finished build. kept: None when row numbers stayed, else the old row numbers of rows 0, 1, 2, …"""

    log: RowLog
    main: Main | None
    tail: Tail
    kept: Rows | None


def way_to_rebuild(view: View, tuning: Tuning) -> Way | None:
    """What the view needs now, or None."""
    n_dead = view.n_rows - view.n_live
    is_stale = n_dead > tuning.dead_share * view.n_rows
    if view.main is None:
        # The slack on top of flat_rows lets a flat index take max_delta_rows changes between two clean-ups.
        is_due = view.n_tail > tuning.flat_rows + tuning.max_delta_rows
    else:
        is_due = view.n_tail > tuning.max_delta_rows or (is_stale and n_dead > tuning.max_delta_rows)
    if not is_due:
        return None
    if view.n_live <= tuning.flat_rows:
        return "flatten"
    return "renew" if is_stale else "extend"


def build(base: View, way: Way, tuning: Tuning, is_stopped: Callable[[], bool]) -> Built | None:
    """The slow part; None when it was stopped. Holds the vectors of the main part twice while it runs."""
    if way == "extend" and base.n_rows:
        return _extended(base, tuning, is_stopped)
    kept = base.live_rows()
    if way == "flatten" or not len(kept):
        tail = Tail(0, base.tail.dim)
        tail.extend(base.vectors_at(kept), at=0)
        return Built(_copied_log(base.log, kept), None, tail, kept)
    return _renewed(base, kept, tuning, is_stopped)


def _extended(base: View, tuning: Tuning, is_stopped: Callable[[], bool]) -> Built | None:
    """A copy of the graph with the tail added, dead rows too: row numbers must stay."""
    vectors = base.tail.first(base.n_tail)
    hnsw = empty_hnsw(base.tail.dim, tuning.shape) if base.main is None else copied(base.main.graph.hnsw)
    blocks = (vectors[rows] for rows in _blocks(np.arange(base.n_tail)))
    if not grow(hnsw, blocks, tuning.n_build_threads, is_stopped):
        return None
    graph = Graph(hnsw, tuning.shape)
    return Built(base.log, Main.over(graph, base.log), Tail(base.n_rows, base.tail.dim), kept=None)


def _renewed(base: View, kept: Rows, tuning: Tuning, is_stopped: Callable[[], bool]) -> Built | None:
    """A new log and graph of the kept rows."""
    hnsw = empty_hnsw(base.tail.dim, tuning.shape)
    blocks = (base.vectors_at(rows) for rows in _blocks(kept))
    if not grow(hnsw, blocks, tuning.n_build_threads, is_stopped):
        return None
    log = _copied_log(base.log, kept)
    graph = Graph(hnsw, tuning.shape)
    return Built(log, Main.over(graph, log), Tail(len(kept), base.tail.dim), kept)


def joined(built: Built, base: View, current: View) -> View:
    """The next view: what was built from `base`, and everything that happened since, up to `current`.

    `current` has the same log as `base`, longer: only a rebuild replaces the log, and only one runs at a time.
    """
    start = base.n_rows - current.n_main
    arrived = current.tail.first(current.n_tail)[start:]
    if built.kept is None:
        built.tail.extend(arrived, at=0)
        return replace(current, main=built.main, tail=built.tail)
    newer = current.live_rows(base.n_rows)
    log = base.log
    built.log.extend(log.keys.keys_of(newer), log.platforms.names_of(newer), log.categories.names_of(newer))
    n_flat = 0 if built.main is not None else len(built.kept)
    built.tail.extend(arrived[newer - base.n_rows], at=n_flat)
    old_rows = np.concatenate([built.kept, newer])
    return View(
        log=built.log,
        main=built.main,
        tail=built.tail,
        n_rows=len(old_rows),
        live=_moved(current.live, old_rows),
        shown=_moved(current.shown, old_rows),
        n_live=current.n_live,
    )


def _moved(bits: Bits, old_rows: Rows) -> Bits:
    return packed(holds(bits, old_rows))


def _copied_log(log: RowLog, rows: Rows) -> RowLog:
    copy = RowLog()
    for block in _blocks(rows):
        copy.extend(log.keys.keys_of(block), log.platforms.names_of(block), log.categories.names_of(block))
        time.sleep(0)  # hand the interpreter to a waiting reader: pure Python work would keep it for 5 ms at a time
    return copy


def _blocks(rows: Rows) -> Iterator[Rows]:
    return (rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS))
