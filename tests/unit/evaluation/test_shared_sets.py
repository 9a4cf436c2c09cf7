"""The baselines reproduce the figures that were worked out elsewhere on the shared sets, within two standard errors."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from streams.evaluation.csv_folders import read_csv_folder
from streams.evaluation.methods.known import OWN_CLOCK_METHODS, SHARED_CLOCK_METHODS
from streams.evaluation.protocols import OWN_CLOCK, SHARED_CLOCK, Plan
from streams.evaluation.replay import replay

DATA = Path(os.environ.get("BRAID_BENCH_DATA", Path(__file__).parents[4] / "shared" / "data"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is absent: set BRAID_BENCH_DATA to the shared sets"),
]


@cache
def plan_of(folder: str, protocol: str) -> Plan:
    return (SHARED_CLOCK | OWN_CLOCK)[protocol](read_csv_folder(DATA / folder), "test", 0)


def agrees(found: float, said: float, n: int) -> bool:
    return abs(found - said) <= 2 * float(np.sqrt(said * (1 - said) / n))


@pytest.mark.requirement("N1")
@pytest.mark.parametrize(
    ("protocol", "method", "n", "said"),
    [
        ("P1", "recent_popularity_7d", 5_979, 0.0881),
        ("P1", "recent_popularity_30d", 5_979, 0.0724),
        ("P3", "recent_popularity_30d", 1_984, 0.1623),
        ("light", "recent_popularity_7d", 4_628, 0.0106),
    ],
)
def test_recent_popularity_is_as_good_as_it_was_found_to_be(protocol, method, n, said):
    plan = plan_of("amazon_food_kitchen", protocol)
    found = replay(plan, SHARED_CLOCK_METHODS[method], 0).hits
    assert len(found) == n
    assert agrees(found.mean(), said, n)


def test_item_neighbours_on_beauty_are_as_good_as_they_were_found_to_be():
    found = replay(plan_of("amazon_beauty", "beauty"), OWN_CLOCK_METHODS["item_knn"], 0)
    assert found.hits.mean() == pytest.approx(0.0726, abs=0.0001)
    assert found.ndcg.mean() == pytest.approx(0.0439, abs=0.0001)
