"""Several networks read at once say what they say one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from streams.ranking.ensemble import Ensemble
from streams.ranking.features import N_FEATURES
from streams.ranking.reranker import Reranker
from streams.ranking.reranker_files import packaged


def apart() -> tuple[Reranker, ...]:
    """Networks that do not scale alike, as two trainings would leave them."""
    first, *others = packaged()
    return (replace(first, mean=first.mean + np.float32(0.5)), *others)


GROUPS = [np.arange(5), np.arange(5, N_FEATURES)]


def features(n: int) -> np.ndarray:
    rows = np.random.default_rng(3).normal(size=(n, N_FEATURES)).astype(np.float32)
    rows[0, 7] = np.nan
    return rows


@pytest.mark.parametrize("members", [packaged(), apart()], ids=["alike", "apart"])
@pytest.mark.requirement("K4")
def test_the_score_is_the_mean_of_what_each_says_beyond_its_own_mean(members) -> None:
    rows = features(40)
    each = [member.score(rows) for member in members]
    expected = np.mean([scores - scores.mean() for scores in each], axis=0)
    np.testing.assert_allclose(Ensemble.of(members).score(rows), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("members", [packaged(), apart()], ids=["alike", "apart"])
def test_the_parts_are_the_means_of_the_parts_of_each(members) -> None:
    rows = features(7)
    expected = np.mean([member.contributions(rows, GROUPS) for member in members], axis=0)
    np.testing.assert_allclose(Ensemble.of(members).contributions(rows, GROUPS), expected, rtol=1e-4, atol=1e-5)


def test_no_candidates_have_no_scores() -> None:
    assert Ensemble.of(packaged()).score(features(1)[:0]).shape == (0,)
