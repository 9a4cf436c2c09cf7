"""The main + delta index against its exact twin under random interleavings of changes, rebuilds and searches."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from index.exact import ExactIndex
from index.main_delta import MainDeltaIndex
from index.rebuilds import Tuning
from tests.support.index_items import DIM, FLAT_WITH_CLEAN_UPS, GRAPH_FROM_THE_START, HeldBack, a_vector

KEYS = [f"k{at}" for at in range(24)]
# Quarters keep every inner product exact in float32, so that equal scores are equal on both sides.
NUMBERS = st.sampled_from([-1.0, -0.5, -0.25, 0.0, 0.0, 0.25, 0.5, 1.0])
VECTORS = st.lists(NUMBERS, min_size=3, max_size=DIM).map(lambda numbers: a_vector(*numbers)[0])
PLATFORMS = st.sampled_from(["shop", "video"])
CATEGORIES = st.sampled_from(["shoes", "books", ""])
ITEMS = st.lists(st.tuples(st.sampled_from(KEYS), VECTORS, PLATFORMS, CATEGORIES), min_size=1, max_size=6)
SOME_KEYS = st.lists(st.sampled_from([*KEYS, "unknown"]), max_size=8)
WAYS = st.sampled_from(["flatten", "extend", "renew"])


class Interleavings(RuleBasedStateMachine):
    """Rebuilds are held back and finish whenever a rule lets them, with changes and searches in between."""

    tuning: Tuning
    views = Bundle("views")

    @initialize()
    def start(self) -> None:
        self.held = HeldBack()
        self.index = MainDeltaIndex(DIM, self.tuning, self.held)
        self.twin = ExactIndex(DIM)

    @rule(items=ITEMS)
    def upsert(self, items: list[tuple[str, np.ndarray, str, str]]) -> None:
        keys, vectors, platforms, categories = zip(*items, strict=True)
        for index in (self.index, self.twin):
            index.upsert(keys, np.stack(vectors), platforms, categories)

    @rule(keys=SOME_KEYS)
    def delete(self, keys: list[str]) -> None:
        for index in (self.index, self.twin):
            index.delete(keys)

    @rule(way=WAYS)
    def force_rebuild(self, way: str) -> None:
        self.index.rebuild(way)

    @rule()
    def finish_rebuild(self) -> None:
        self.held.release()

    @rule(target=views)
    def open_reader(self) -> object:
        """A reader that took its view now and goes on reading much later."""
        everything = ExactIndex.of(self.twin.stored())
        reader = MainDeltaIndex(DIM, self.tuning)
        reader._view = self.index._view
        return reader, everything

    @rule(opened=consumes(views), query=VECTORS, excluded=SOME_KEYS)
    def read_late(self, opened: tuple[MainDeltaIndex, ExactIndex], query: np.ndarray, excluded: list[str]) -> None:
        reader, twin = opened
        assert reader.search(query[None], 5, exclude=excluded) == twin.search(query[None], 5, exclude=excluded)
        assert reader.vectors_of(KEYS)[0] == twin.vectors_of(KEYS)[0]

    @rule(
        query=VECTORS,
        k=st.integers(1, 40),
        platform=st.none() | PLATFORMS,
        category=st.none() | CATEGORIES,
        excluded=SOME_KEYS,
    )
    def search(
        self, query: np.ndarray, k: int, platform: str | None, category: str | None, excluded: list[str]
    ) -> None:
        found, expected = (
            index.search(query[None], k, platform=platform, category=category, exclude=excluded)
            for index in (self.index, self.twin)
        )
        assert found == expected

    @invariant()
    def both_hold_the_same_items(self) -> None:
        assert len(self.index) == len(self.twin)
        for ours, theirs in zip(self.index.vectors_of(KEYS), self.twin.vectors_of(KEYS), strict=True):
            np.testing.assert_array_equal(ours, theirs)

    @invariant()
    def the_report_adds_up(self) -> None:
        report = self.index.report()
        assert report.n_main + report.n_delta - report.n_tombstones == report.n_rows


class GraphInterleavings(Interleavings):
    tuning = GRAPH_FROM_THE_START


class FlatInterleavings(Interleavings):
    tuning = FLAT_WITH_CLEAN_UPS


MANY_STEPS = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestGraphInterleavings = pytest.mark.requirement("K1", "K6")(GraphInterleavings.TestCase)
TestGraphInterleavings.settings = MANY_STEPS
TestFlatInterleavings = pytest.mark.requirement("K1", "K6")(FlatInterleavings.TestCase)
TestFlatInterleavings.settings = MANY_STEPS
