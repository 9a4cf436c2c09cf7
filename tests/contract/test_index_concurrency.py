"""Many readers, one writer, rebuilds underneath: nobody waits for a lock and nobody sees half a change."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from index.errors import RebuildFailed
from index.exact import ExactIndex
from index.factory import NearestIndex
from index.graphs import GraphShape
from index.main_delta import MainDeltaIndex
from index.rebuilds import Tuning
from tests.support.index_items import DIM, GRAPH_FROM_THE_START, PLATFORMS, HeldBack, fill, put, unit_vectors

N_ITEMS = 300
N_ROUNDS = 150
BUSY = Tuning(max_delta_rows=40, flat_rows=50, shape=GraphShape(8, 32, 32, n_scanned_per_walked=0))


def write(index: NearestIndex, kept: list[str], rng: np.random.Generator) -> None:
    """Moves, adds and deletes; the two halves of a pair always move in one call, to the same place."""
    for round_ in range(N_ROUNDS):
        moved = [str(key) for key in rng.choice(kept, 8, replace=False)]
        platforms = [PLATFORMS[int(key[1:]) % 3] for key in moved]
        index.upsert(moved, unit_vectors(8, seed=round_), platforms, ["moved"] * 8)
        index.upsert(["pair a", "pair b"], unit_vectors(1, round_).repeat(2, axis=0), ["pair"] * 2, [str(round_)] * 2)
        put(index, f"guest{round_}", unit_vectors(1, round_))
        index.delete([f"guest{round_ - 5}"])


def read(index: NearestIndex, gone: frozenset[str], is_written: threading.Event, seed: int) -> int:
    """Search until the writer is done; the number of searches."""
    rng, n = np.random.default_rng(seed), 0
    seen = [f"i{at:03d}" for at in rng.choice(N_ITEMS, 20)]
    while n < 20 or not is_written.is_set():
        queries = rng.standard_normal((2, DIM)).astype(np.float32)
        platform = (None, "shop", "video")[n % 3]
        for neighbours in index.search(queries, 10, platform=platform, exclude=seen):
            keys = [neighbour.key for neighbour in neighbours]
            assert len(keys) == len(set(keys)) == 10
            assert not gone.intersection(keys)
            assert not set(seen).intersection(keys)
            scores = [neighbour.score for neighbour in neighbours]
            assert scores == sorted(scores, reverse=True)
        pair = index.search(queries[:1], 3, platform="pair")[0]
        assert [neighbour.key for neighbour in pair] in ([], ["pair a", "pair b"])
        assert len({neighbour.score for neighbour in pair}) <= 1
        _, both = index.vectors_of(["pair a", "pair b"])
        assert len(both) in (0, 2)
        np.testing.assert_array_equal(both[:1], both[1:])
        n += 1
    return n


@pytest.mark.requirement("K1", "K6")
@pytest.mark.parametrize("build", [lambda: MainDeltaIndex(DIM, BUSY), lambda: ExactIndex(DIM)], ids=["graph", "exact"])
def test_readers_see_whole_changes_and_no_deleted_item(build: object) -> None:
    index: NearestIndex = build()  # type: ignore[operator]
    fill(index, N_ITEMS)
    gone = frozenset(f"i{at:03d}" for at in range(0, N_ITEMS, 5))
    index.delete(gone)
    kept = [f"i{at:03d}" for at in range(N_ITEMS) if at % 5]
    is_written = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read, index, gone, is_written, seed) for seed in range(3)]
        try:
            write(index, kept, np.random.default_rng(0))
        finally:
            is_written.set()
        assert all(reader.result() >= 20 for reader in readers)
    if isinstance(index, MainDeltaIndex):
        assert index.settle(timeout_s=30)
        assert index.report().n_rebuilds > 3
        assert index.report().last_rebuild_s > 0
    assert len(index) == len(kept) + 2 + 5


def test_changes_made_during_a_rebuild_survive_it() -> None:
    held = HeldBack()
    index = MainDeltaIndex(DIM, GRAPH_FROM_THE_START, held)
    vectors = fill(index, 30)
    for way in ("extend", "renew", "flatten"):
        index.rebuild(way)
        put(index, f"new during {way}", vectors[:1])
        put(index, "i005", vectors[6:7], platform=way)
        index.delete([f"guest of {way}", "i007"])
        put(index, "i007", vectors[7:8], category=way)
        put(index, f"guest of {way}", vectors[1:2])
        index.delete([f"guest of {way}"])
        held.release()
        assert f"new during {way}" in index
        assert f"guest of {way}" not in index
        assert [found.key for found in index.search(vectors[6:7], 2, platform=way)[0]] == ["i005"]
        assert [found.key for found in index.search(vectors[7:8], 2, category=way)[0]] == ["i007"]
    assert index.report().n_rebuilds >= 3
    assert len(index) == 33


def test_one_rebuild_runs_at_a_time() -> None:
    held = HeldBack()
    index = MainDeltaIndex(DIM, GRAPH_FROM_THE_START, held)
    fill(index, 60)
    index.rebuild("renew")
    assert len(held.jobs) == 1


def test_after_a_rebuild_the_delta_is_small_and_the_tombstones_are_few() -> None:
    held = HeldBack()
    index = MainDeltaIndex(DIM, BUSY, held)
    for seed in range(20):
        fill(index, 60, seed)
        held.release()
    report = index.report()
    assert report.n_rows == 60
    assert report.n_main > 0
    assert report.n_delta <= BUSY.max_delta_rows
    assert report.n_tombstones <= max(BUSY.max_delta_rows, report.n_rows)


def test_repeating_what_is_there_moves_no_row() -> None:
    index = MainDeltaIndex(DIM, GRAPH_FROM_THE_START, HeldBack())
    fill(index, 30)
    before = index.report()
    fill(index, 30)
    assert index.report() == before


def test_deletes_alone_are_cleaned_up() -> None:
    index = MainDeltaIndex(DIM, BUSY)
    fill(index, 300)
    index.settle()
    index.delete([f"i{at:03d}" for at in range(200)])
    assert index.settle(timeout_s=30)
    assert index.report().n_tombstones == 0
    assert len(index) == 100


def test_a_closed_index_starts_no_rebuild_but_answers() -> None:
    index = MainDeltaIndex(DIM, BUSY)
    index.close()
    vectors = fill(index, 300)
    assert index.report().n_rebuilds == 0
    assert index.search(vectors[9:10], 1)[0][0].key == "i009"


def test_a_failed_rebuild_refuses_the_next_change_and_goes_on_answering(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    held = HeldBack()
    index = MainDeltaIndex(DIM, GRAPH_FROM_THE_START, held)
    vectors = fill(index, 30)
    monkeypatch.setattr("index.main_delta.build", out_of_memory)
    held.release()
    with pytest.raises(RebuildFailed, match="restart"):
        put(index, "next", vectors[:1])
    with pytest.raises(RebuildFailed):
        index.delete(["i001"])
    with pytest.raises(RebuildFailed):
        index.settle()
    assert index.search(vectors[9:10], 1)[0][0].key == "i009"


@pytest.mark.parametrize("change", ["max_delta_rows", "dead_share"])
def test_a_tuning_without_sense_is_refused(change: str) -> None:
    with pytest.raises(ValueError, match=f"{change} = 0"):
        Tuning(**{change: 0})
