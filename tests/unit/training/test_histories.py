from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ranking.features import FEATURES, N_FEATURES
from streams.training.histories import NAMES, history_groups, hits_by_history, reweighed


@pytest.mark.requirement("N5")
@given(sizes=st.lists(st.integers(10, 40), min_size=4, max_size=4))
def test_every_group_counts_alike_however_many_examples_it_has(sizes: list[int]) -> None:
    groups = np.repeat(np.arange(4), sizes)
    counts = reweighed(groups)
    totals = np.bincount(groups, counts)
    np.testing.assert_allclose(totals, totals[0], rtol=1e-4)
    assert counts.mean() == pytest.approx(1.0, rel=1e-4)


@pytest.mark.requirement("N5")
def test_a_handful_of_people_does_not_rule() -> None:
    groups = np.append(np.zeros(10_000, np.intp), 1)
    counts = reweighed(groups)
    assert counts[-1] / counts[0] < 10.0


def test_groups_go_by_how_much_was_known_of_the_person() -> None:
    tables = np.zeros((5, 2, N_FEATURES), np.float16)
    tables[:, :, FEATURES.index("person_touches")] = np.log1p(np.array([0, 5, 6, 30, 31]))[:, None]
    assert [NAMES[at] for at in history_groups(tables)] == ["0-5", "0-5", "6-15", "16-30", "31+"]


@pytest.mark.requirement("N4")
def test_hits_are_told_by_group() -> None:
    hits = hits_by_history(np.array([True, False, True]), np.array([0, 0, 3]))
    assert hits == {"0-5": 0.5, "31+": 1.0}
