"""The small parts of the index: laws of keys, bitmaps, labels, scans and recall."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from index import bitmaps
from index.exact import ExactIndex
from index.factory import build_index
from index.keys import ABSENT, KeyRows
from index.labels import LabelColumn, Labelled
from index.logs import Tail
from index.main_delta import MainDeltaIndex
from index.neighbours import Neighbour, ranked, scores_of
from index.rebuilds import Tuning
from index.recall import recall_at_k
from index.scan import scan
from tests.support.index_items import at_once, unit_vectors

ROWS = st.lists(st.integers(0, 99), max_size=40).map(lambda rows: np.array(rows, dtype=np.int64))


@given(st.lists(st.sampled_from("abcdef"), max_size=40), st.integers(0, 40))
def test_the_latest_row_below_n_is_what_the_log_said_at_length_n(keys: list[str], n: int) -> None:
    grown, short = KeyRows(), KeyRows()
    grown.extend(keys)
    short.extend(keys[:n])
    n = len(short)
    for key in "abcdefg":
        expected = max((row for row, held in enumerate(keys[:n]) if held == key), default=ABSENT)
        assert grown.row_below(key, n) == short.row_below(key, n) == expected
    assert grown.first(n) == keys[:n]


@given(ROWS, ROWS, st.integers(0, 100), st.integers(0, 100))
def test_a_bitmap_is_a_set_of_rows(put: np.ndarray, taken: np.ndarray, one: int, other: int) -> None:
    start, stop = sorted((one, other))
    empty = bitmaps.no_rows(100)
    filled = bitmaps.with_rows(empty, put)
    bits = bitmaps.without_rows(filled, taken)
    expected = set(put.tolist()) - set(taken.tolist())
    assert not empty.any()
    assert set(np.flatnonzero(bitmaps.holds(bits, np.arange(100))).tolist()) == expected
    window = bitmaps.mask_of(bits, start, stop)
    assert set((np.flatnonzero(window) + start).tolist()) == {row for row in expected if start <= row < stop}
    roomy = bitmaps.with_room(bits, 1000)
    np.testing.assert_array_equal(roomy[: len(bits)], bits)
    assert len(roomy) >= 125
    assert not roomy[len(bits) :].any()
    np.testing.assert_array_equal(bitmaps.packed(bitmaps.mask_of(bits, 0, 100)), bits)


@given(st.lists(st.sampled_from(["shop", "video", ""]), max_size=3000))
def test_a_label_column_finds_the_rows_of_a_label(labels: list[str]) -> None:
    column = LabelColumn()
    for at in range(0, len(labels), 700):
        column.extend(labels[at : at + 700], at=at)
    for name in ("shop", "video", "", "unknown"):
        assert column.matches(name, 0, len(labels)).tolist() == [label == name for label in labels]
    rows = np.arange(len(labels))
    assert column.names_of(rows) == labels == column.labelled(len(labels)).names_of(rows)
    assert Labelled.of(labels).names_of(rows) == labels


def test_a_tail_keeps_what_its_readers_hold_while_it_grows() -> None:
    tail = Tail(0, 4)
    vectors = unit_vectors(500, seed=0, dim=4)
    held = []
    for at in range(0, 500, 50):
        tail.extend(vectors[at : at + 50], at=at)
        held.append(tail.first(at + 50))
    for view in held:
        np.testing.assert_array_equal(view, vectors[: len(view)])


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 5))
def test_a_scan_finds_the_best_rows_and_every_row_tied_with_the_last(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (60, 4)).astype(np.float32)
    queries = rng.integers(-2, 3, (2, 4)).astype(np.float32)
    rows = np.sort(rng.choice(60, n, replace=False)).astype(np.int64)
    for query, found in zip(queries, scan(queries, matrix, rows, k), strict=True):
        scores = matrix[rows] @ query
        worst = np.sort(scores)[::-1][min(k, n) - 1]
        assert set(rows[scores >= worst].tolist()) <= set(found.tolist()) <= set(rows.tolist())
        assert len(found) >= min(k, n)


def test_a_score_depends_on_the_two_vectors_alone() -> None:
    vectors = unit_vectors(100, seed=0, dim=384)
    query = unit_vectors(1, seed=1, dim=384)[0]
    together = scores_of(query, vectors)
    for n in (1, 3, 8, 41):
        np.testing.assert_array_equal(scores_of(query, vectors[-n:].copy()), together[-n:])
    np.testing.assert_allclose(together, vectors @ query, atol=1e-6)


def test_ranking_breaks_ties_by_key() -> None:
    assert ranked(["b", "a"], np.zeros(2, np.float32), 5) == [Neighbour("a", 0.0), Neighbour("b", 0.0)]


def test_recall_counts_what_was_found_of_what_is_there() -> None:
    true = [Neighbour("a", 0.9), Neighbour("b", 0.5)]
    assert recall_at_k([[Neighbour("a", 0.9)]], [true]) == 0.5
    assert recall_at_k([[Neighbour("a", 0.9), Neighbour("tied with b", 0.5)]], [true]) == 1.0
    assert recall_at_k([true, []], [true, []]) == 1.0
    assert recall_at_k([[]], [[]]) == 1.0
    with pytest.raises(ValueError, match="zip"):
        recall_at_k([], [true])


@dataclass(frozen=True)
class Pair:
    """The same clustered items in a graph and in its exact twin; the category of an item is its cluster's."""

    graph: MainDeltaIndex
    twin: ExactIndex
    queries: np.ndarray

    def recall(self, **filters: object) -> float:
        return recall_at_k(
            self.graph.search(self.queries, 10, **filters), self.twin.search(self.queries, 10, **filters)
        )


@pytest.fixture(scope="module")
def pair() -> Pair:
    """4,000 rows of 32 dimensions in 40 clusters: a tenth of the items blank, a fifth replaced, half a platform each."""
    n, dim, rng = 4_000, 32, np.random.default_rng(0)
    graph = MainDeltaIndex(dim, Tuning(max_delta_rows=1_000, flat_rows=0), at_once)
    twin = ExactIndex(dim)
    cluster = rng.integers(0, 40, n)
    vectors = unit_vectors(40, seed=1, dim=dim)[cluster] + 0.6 * unit_vectors(n, seed=2, dim=dim)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[rng.random(n) < 0.1] = 0
    keys = [f"i{at % 3_300}" for at in range(n)]
    platforms, categories = [f"p{at % 2}" for at in range(n)], [f"c{at % 3}" for at in cluster]
    for at in range(0, n, 500):
        part = slice(at, at + 500)
        for index in (graph, twin):
            index.upsert(keys[part], vectors[part], platforms[part], categories[part])
    assert graph.report().n_main >= 3_000
    return Pair(graph, twin, vectors[vectors.any(axis=1)][:50])


@pytest.mark.requirement("K1")
@pytest.mark.parametrize("filters", [{}, {"platform": "p1"}, {"platform": "p0", "category": "c1"}])
def test_a_graph_keeps_its_recall_under_filters_and_tombstones(pair: Pair, filters: dict[str, str]) -> None:
    assert pair.recall(**filters) >= 0.97


@pytest.mark.requirement("K1", "K2")
def test_a_label_whose_items_lie_far_from_the_query_is_searched_to_the_end(pair: Pair) -> None:
    """Two thirds of the queries come from clusters of another category: inside the graph few neighbours carry it."""
    assert pair.recall(category="c1") >= 0.99


@pytest.mark.requirement("K1")
def test_a_person_who_has_seen_all_that_is_near_gets_the_next_nearest(pair: Pair) -> None:
    shares = []
    for query in pair.queries[:30]:
        seen = [neighbour.key for neighbour in pair.twin.search(query[None], 200)[0]]
        found, true = (index.search(query[None], 10, exclude=seen) for index in (pair.graph, pair.twin))
        shares.append(recall_at_k(found, true))
    assert sum(shares) / len(shares) >= 0.97


def test_the_factory_knows_three_kinds() -> None:
    assert isinstance(build_index("exact", 4), ExactIndex)
    assert isinstance(build_index("auto", 4), MainDeltaIndex)
    assert isinstance(build_index("hnsw", 4, max_delta_rows=100), MainDeltaIndex)
    with pytest.raises(ValueError, match="'ivf': use one of auto, exact, hnsw"):
        build_index("ivf", 4)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dim = 0"):
        build_index("auto", 0)
    with pytest.raises(ValueError, match="dim = 0"):
        build_index("exact", 0)


def test_the_hnsw_kind_builds_its_graph_earlier_than_auto() -> None:
    reports = []
    for kind in ("auto", "hnsw"):
        index = build_index(kind, 8, max_delta_rows=50)
        index.upsert([f"i{at}" for at in range(200)], unit_vectors(200, 0), ["shop"] * 200, [""] * 200)
        assert isinstance(index, MainDeltaIndex)
        index.settle(timeout_s=30)
        reports.append(index.report())
    assert reports[0].n_main == 0
    assert reports[1].n_main >= 100


def test_the_index_imports_neither_streams_nor_encoders_nor_torch() -> None:
    program = (
        "import sys, index.factory, index.snapshots, index.recall;"
        "print({name.split('.')[0] for name in sys.modules} & {'streams', 'encoders', 'torch', 'faust'})"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
