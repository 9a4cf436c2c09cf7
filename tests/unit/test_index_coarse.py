"""A platform's rows are looked through in 8 bits a number; what comes back is scored in full."""

from __future__ import annotations

import numpy as np
import pytest

from index.bitmaps import no_rows, with_rows
from index.coarse import CoarseRows
from index.exact import ExactIndex
from index.main_delta import MainDeltaIndex
from index.rebuilds import Tuning
from index.recall import recall_at_k
from tests.support.index_items import at_once, unit_vectors

N, DIM = 3_000, 48
PLATFORMS = ["news" if at % 5 == 0 else "shop" for at in range(N)]
KEYS = [f"{platform}:{at}" for at, platform in enumerate(PLATFORMS)]


@pytest.fixture(scope="module")
def both() -> tuple[MainDeltaIndex, ExactIndex]:
    """The same items twice: the last twenty of the shop are one vector, one item in fifty was deleted."""
    vectors = unit_vectors(N, seed=3, dim=DIM)
    vectors[-25:] = vectors[-1]
    coarse = MainDeltaIndex(DIM, Tuning(max_delta_rows=N - 1, flat_rows=0), at_once)
    exact = ExactIndex(DIM)
    for index in (coarse, exact):
        index.upsert(KEYS, vectors, PLATFORMS, [""] * N)
        index.delete(KEYS[1::50])
    return coarse, exact


def has_copy(index: MainDeltaIndex, platform: str) -> bool:
    main = index._view.main
    return main is not None and main.postings.of(platform, None).coarse is not None


@pytest.mark.requirement("D7")
def test_what_the_coarse_look_loses_is_below_one_neighbour_in_a_hundred(both) -> None:
    coarse, exact = both
    assert has_copy(coarse, "shop")
    queries = unit_vectors(40, seed=4, dim=DIM)
    seen = KEYS[2::9]
    found = coarse.search(queries, 10, platform="shop", exclude=seen)
    assert recall_at_k(found, exact.search(queries, 10, platform="shop", exclude=seen)) >= 0.99
    assert not {near.key for row in found for near in row} & {*seen, *KEYS[1::50], *KEYS[::5]}


def test_more_equal_items_than_were_asked_for_are_told_apart_by_key(both) -> None:
    coarse, exact = both
    query = exact.vectors_of([KEYS[-1]])[1]
    assert coarse.search(query, 4, platform="shop") == exact.search(query, 4, platform="shop")


def test_a_small_platform_has_no_copy_and_is_scanned_as_it_is(both) -> None:
    coarse, exact = both
    assert not has_copy(coarse, "news")
    queries = unit_vectors(5, seed=5, dim=DIM)
    assert coarse.search(queries, 5, platform="news") == exact.search(queries, 5, platform="news")


def test_when_fewer_rows_are_allowed_than_asked_for_all_of_them_come() -> None:
    copies = CoarseRows(unit_vectors(50, seed=6, dim=DIM), np.arange(0, 50, 2))
    allowed = with_rows(no_rows(50), np.array([6, 7, 16]))  # 7 was not copied
    found = copies.nearest(unit_vectors(2, seed=7, dim=DIM), allowed, k=5)
    assert [set(row[row >= 0].tolist()) for row in found] == [{6, 16}, {6, 16}]
