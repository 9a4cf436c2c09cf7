"""Items for index tests: keys, vectors with exact arithmetic, labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from index.exact import ExactIndex
from index.factory import NearestIndex
from index.graphs import GraphShape
from index.main_delta import MainDeltaIndex
from index.neighbours import Vectors
from index.rebuilds import Tuning

DIM = 8
PLATFORMS = ("shop", "video", "social")
CATEGORIES = ("shoes", "books")
GRAPH_FROM_THE_START = Tuning(max_delta_rows=4, flat_rows=0, shape=GraphShape(8, 64, 64, n_scanned_per_walked=0))
FLAT_WITH_CLEAN_UPS = Tuning(max_delta_rows=4, flat_rows=10_000)


def at_once(job: Callable[[], None]) -> None:
    """Run a rebuild inside the change that caused it."""
    job()


@dataclass
class HeldBack:
    """Rebuilds that wait until the test lets them run."""

    jobs: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def release(self) -> None:
        while self.jobs:
            self.jobs.pop(0)()


BUILDERS: dict[str, Callable[[], NearestIndex]] = {
    "exact": lambda: ExactIndex(DIM),
    "flat": lambda: MainDeltaIndex(DIM),
    "flat with clean-ups": lambda: MainDeltaIndex(DIM, Tuning(max_delta_rows=1, flat_rows=4), at_once),
    "graph": lambda: MainDeltaIndex(DIM, GRAPH_FROM_THE_START, at_once),
    "graph in a thread": lambda: MainDeltaIndex(DIM, GRAPH_FROM_THE_START),
    "graph, never rebuilt in time": lambda: MainDeltaIndex(DIM, GRAPH_FROM_THE_START, HeldBack()),
}


def a_vector(*leading: float) -> Vectors:
    """float32 (1, DIM): the given numbers, then zeros."""
    vector = np.zeros((1, DIM), dtype=np.float32)
    vector[0, : len(leading)] = leading
    return vector


def unit_vectors(n: int, seed: int, dim: int = DIM) -> Vectors:
    """float32 (n, dim), directions drawn evenly."""
    vectors = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def put(index: NearestIndex, key: str, vector: Vectors, platform: str = "shop", category: str = "shoes") -> None:
    """Upsert one item."""
    index.upsert([key], vector, [platform], [category])


def fill(index: NearestIndex, n: int, seed: int = 0) -> Vectors:
    """n items `i000`, `i001`, …, platforms and categories in turn, in calls of three; their vectors."""
    vectors = unit_vectors(n, seed)
    keys = [f"i{at:03d}" for at in range(n)]
    platforms = [PLATFORMS[at % 3] for at in range(n)]
    categories = [CATEGORIES[at % 2] for at in range(n)]
    for at in range(0, n, 3):
        part = slice(at, at + 3)
        index.upsert(keys[part], vectors[part], platforms[part], categories[part])
    return vectors
