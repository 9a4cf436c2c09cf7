"""What every NeighbourIndex promises, over the exact reference and every state of the main + delta index."""

from __future__ import annotations

import numpy as np
import pytest

from index.exact import ExactIndex
from index.factory import NearestIndex
from tests.support.index_items import BUILDERS, CATEGORIES, DIM, PLATFORMS, a_vector, fill, put, unit_vectors


@pytest.fixture(params=list(BUILDERS))
def index(request: pytest.FixtureRequest) -> NearestIndex:
    return BUILDERS[request.param]()


@pytest.fixture
def twin() -> ExactIndex:
    return ExactIndex(DIM)


def keys_found(index: NearestIndex, query: np.ndarray, k: int = 10, **filters: object) -> list[str]:
    return [neighbour.key for neighbour in index.search(query, k, **filters)[0]]


def test_an_empty_index_finds_nothing(index: NearestIndex) -> None:
    assert len(index) == 0
    assert index.search(a_vector(1), 5) == [[]]
    assert index.search(a_vector(1), 5, platform="shop", category="shoes", exclude=["x"]) == [[]]
    assert index.vectors_of(["x"])[0] == []


@pytest.mark.requirement("K6")
def test_an_item_is_found_as_soon_as_it_was_added(index: NearestIndex) -> None:
    for at, vector in enumerate(unit_vectors(30, seed=1)):
        put(index, f"k{at}", vector[None])
        assert keys_found(index, vector[None], k=1) == [f"k{at}"]
        assert f"k{at}" in index


@pytest.mark.requirement("K1")
def test_neighbours_come_best_first_with_their_inner_products(index: NearestIndex) -> None:
    put(index, "near", a_vector(0.75, 0.5))
    put(index, "far", a_vector(0.25, 0.5))
    put(index, "opposite", a_vector(-0.5))
    assert index.search(a_vector(1), 3) == [[("near", 0.75), ("far", 0.25), ("opposite", -0.5)]]


def test_what_is_around_several_queries_is_what_a_search_finds_for_any_of_them(index: NearestIndex) -> None:
    vectors = fill(index, 60)
    put(index, "twin-b", vectors[3:4])
    put(index, "twin-a", vectors[3:4])
    asked = {"platform": "shop", "exclude": ["i000"]}
    queries = np.concatenate([vectors[3:9], np.zeros((1, DIM), np.float32)])
    for k in (1, 2, 7, 100):
        keys, rows = index.around(queries, k, **asked)
        assert keys == sorted({near.key for found in index.search(queries, k, **asked) for near in found})
        assert (rows == index.vectors_of(keys)[1]).all()
    assert index.around(queries[-1:], 5)[0] == []


def test_a_replaced_item_is_found_only_where_it_is_now(index: NearestIndex) -> None:
    fill(index, 20)
    put(index, "i003", a_vector(1), platform="news", category="new")
    assert len(index) == 20
    assert keys_found(index, a_vector(1), k=20).count("i003") == 1
    assert index.search(a_vector(1), 1)[0] == [("i003", 1.0)]
    assert keys_found(index, a_vector(1), platform="news") == ["i003"]
    assert "i003" not in keys_found(index, a_vector(1), k=20, platform="shop")


def test_a_new_label_alone_counts_as_a_change(index: NearestIndex) -> None:
    put(index, "a", a_vector(1), platform="shop", category="shoes")
    put(index, "a", a_vector(1), platform="shop", category="boots")
    assert keys_found(index, a_vector(1), category="boots") == ["a"]
    assert keys_found(index, a_vector(1), category="shoes") == []


@pytest.mark.requirement("N8")
def test_a_deleted_item_is_gone_everywhere(index: NearestIndex) -> None:
    vectors = fill(index, 20)
    index.delete(["i004", "unknown"])
    assert len(index) == 19
    assert "i004" not in index
    assert "i004" not in keys_found(index, vectors[4:5], k=20)
    assert index.vectors_of(["i004", "i005"])[0] == ["i005"]


def test_a_deleted_item_can_come_back(index: NearestIndex) -> None:
    fill(index, 20)
    index.delete(["i004"])
    put(index, "i004", a_vector(0, 1))
    assert index.search(a_vector(0, 1), 1)[0] == [("i004", 1.0)]
    assert len(index) == 20


def test_deleting_twice_or_nothing_changes_nothing(index: NearestIndex) -> None:
    fill(index, 10)
    index.delete(["i001"])
    index.delete(["i001", "i001"])
    index.delete([])
    assert len(index) == 9


def test_everything_can_be_deleted_and_filled_again(index: NearestIndex) -> None:
    fill(index, 20)
    index.delete([f"i{at:03d}" for at in range(20)])
    assert len(index) == 0
    assert index.search(a_vector(1), 5) == [[]]
    vectors = fill(index, 20, seed=3)
    assert keys_found(index, vectors[7:8], k=1) == ["i007"]


@pytest.mark.requirement("K1")
@pytest.mark.parametrize("platform", [None, *PLATFORMS, "unknown"])
@pytest.mark.parametrize("category", [None, *CATEGORIES, "unknown"])
def test_filters_keep_exactly_the_items_that_carry_the_labels(
    index: NearestIndex, twin: ExactIndex, platform: str | None, category: str | None
) -> None:
    fill(index, 40)
    fill(twin, 40)
    queries = unit_vectors(3, seed=9)
    expected = twin.search(queries, 5, platform=platform, category=category)
    assert index.search(queries, 5, platform=platform, category=category) == expected


@pytest.mark.requirement("K1")
def test_seen_items_make_room_for_the_next_ones(index: NearestIndex, twin: ExactIndex) -> None:
    fill(twin, 40)
    queries = fill(index, 40)[:2]
    seen = [neighbour.key for neighbour in twin.search(queries[:1], 25)[0]]
    found = index.search(queries, 10, exclude=[*seen, "unknown"])
    assert found == twin.search(queries, 10, exclude=seen)
    assert all(len(neighbours) == 10 for neighbours in found)


def test_a_replaced_item_stays_excluded(index: NearestIndex) -> None:
    fill(index, 20)
    put(index, "i003", a_vector(1))
    assert "i003" not in keys_found(index, a_vector(1), k=20, exclude={"i003"})


def test_excluding_everything_leaves_nothing(index: NearestIndex) -> None:
    fill(index, 20)
    assert index.search(a_vector(1), 5, exclude=[f"i{at:03d}" for at in range(20)]) == [[]]


def test_k_beyond_the_number_of_items_returns_them_all(index: NearestIndex, twin: ExactIndex) -> None:
    fill(index, 20)
    fill(twin, 20)
    assert index.search(a_vector(1), 1000) == twin.search(a_vector(1), 1000)


def test_a_zero_vector_is_kept_but_never_returned(index: NearestIndex) -> None:
    fill(index, 20)
    put(index, "blank", a_vector(0), platform="news")
    for at in range(10):
        put(index, f"more{at}", a_vector(0, 1, at / 16))
    assert "blank" in index
    assert len(index) == 31
    assert "blank" not in keys_found(index, a_vector(1), k=100)
    assert keys_found(index, a_vector(1), platform="news") == []
    keys, vectors = index.vectors_of(["blank"])
    assert keys == ["blank"]
    assert not vectors.any()


def test_a_zero_vector_hides_what_the_item_was_before(index: NearestIndex) -> None:
    put(index, "a", a_vector(1))
    put(index, "a", a_vector(0))
    assert index.search(a_vector(1), 5) == [[]]
    put(index, "a", a_vector(1))
    assert keys_found(index, a_vector(1)) == ["a"]


def test_a_query_without_direction_has_no_neighbours(index: NearestIndex) -> None:
    fill(index, 10)
    queries = np.concatenate([a_vector(0), a_vector(1), a_vector(0)])
    assert [len(neighbours) for neighbours in index.search(queries, 3)] == [0, 3, 0]


def test_equal_scores_are_ordered_by_key(index: NearestIndex) -> None:
    for key in ("c", "a", "d", "b"):
        put(index, key, a_vector(0.5, 0.5))
    put(index, "best", a_vector(1))
    assert keys_found(index, a_vector(1), k=3) == ["best", "a", "b"]


def test_equal_vectors_score_equally_wherever_they_lie(index: NearestIndex) -> None:
    odd = unit_vectors(1, seed=77)
    for at in range(9):
        put(index, f"same{at}", odd)
        put(index, f"other{at}", unit_vectors(1, seed=at))
    found = index.search(unit_vectors(1, seed=78), 18)[0]
    assert len({neighbour.score for neighbour in found if neighbour.key.startswith("same")}) == 1


def test_of_a_key_given_twice_in_one_call_the_last_counts(index: NearestIndex) -> None:
    index.upsert(
        ["a", "b", "a"], np.concatenate([a_vector(1), a_vector(0, 1), a_vector(0.5)]), ["shop"] * 3, ["", "", ""]
    )
    assert len(index) == 2
    assert index.search(a_vector(1), 5, category="") == [[("a", 0.5), ("b", 0.0)]]


def test_vectors_come_back_in_the_order_asked(index: NearestIndex) -> None:
    vectors = fill(index, 20)
    keys, found = index.vectors_of(["i011", "unknown", "i002", "i011"])
    assert keys == ["i011", "i002", "i011"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, vectors[[11, 2, 11]])


def test_returned_vectors_are_copies(index: NearestIndex) -> None:
    vectors = fill(index, 20)
    index.vectors_of(["i001"])[1][:] = 0
    vectors[2] = 0
    assert index.vectors_of(["i001", "i002"])[1].any(axis=1).all()


def test_batch_and_single_searches_agree(index: NearestIndex) -> None:
    fill(index, 40)
    queries = unit_vectors(7, seed=5)
    assert index.search(queries, 5) == [index.search(query[None], 5)[0] for query in queries]
    assert index.search(queries[:0], 5) == []


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((1, DIM + 1), np.float32), rf"\(N, {DIM}\)"),
        (np.ones(DIM, np.float32), rf"\(N, {DIM}\)"),
        (np.full((1, DIM), np.nan, np.float32), "row 0 holds NaN"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused(index: NearestIndex, vectors: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        index.upsert(["a"], vectors, ["shop"], [""])
    with pytest.raises(ValueError, match=message):
        index.search(vectors, 3)
    assert len(index) == 0


def test_a_call_with_columns_of_unequal_length_changes_nothing(index: NearestIndex) -> None:
    with pytest.raises(ValueError, match="platforms has 1 entries for 2 vectors"):
        index.upsert(["a", "b"], unit_vectors(2, 0), ["shop"], ["", ""])
    with pytest.raises(ValueError, match="k = 0"):
        index.search(a_vector(1), 0)
    assert len(index) == 0


def test_the_report_counts_the_items(index: NearestIndex) -> None:
    fill(index, 20)
    index.delete(["i001"])
    report = index.report()
    assert report.n_rows == len(index) == 19
    assert report.n_main + report.n_delta == report.n_rows + report.n_tombstones
    assert report.n_bytes >= 19 * 4 * DIM
