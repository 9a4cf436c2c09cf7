"""The soak's judgement: what grows is called growing, what only trembles or falls is not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.soak.plot import sheet
from tests.soak.slopes import theil_sen, verdict_of

AT_S = [5.0 * number for number in range(120)]


@given(st.floats(-1e3, 1e3), st.floats(-1e6, 1e6), st.integers(0, 2**32 - 1))
def test_a_quarter_of_outliers_does_not_move_the_slope(slope: float, start: float, seed: int) -> None:
    rng, times = np.random.default_rng(seed), np.asarray(AT_S)
    values = start + slope * times
    values[rng.choice(len(values), len(values) // 8, replace=False)] += 1e7
    values[rng.choice(len(values), len(values) // 8, replace=False)] -= 1e7
    assert abs(theil_sen(times, values) - slope) <= 1e-6 + 0.05 * abs(slope)


def test_a_leak_of_a_tenth_in_the_measured_time_is_called_growing() -> None:
    rng = np.random.default_rng(1)
    leaking = 200.0 + 20.0 * np.linspace(0, 1, len(AT_S)) + rng.normal(0, 3, len(AT_S))
    assert not verdict_of("worker.rss_mib", AT_S, leaking.tolist()).is_flat


def test_a_sawtooth_around_a_level_is_flat() -> None:
    sawtooth = [100.0 + (number % 17) for number in range(len(AT_S))]
    assert verdict_of("worker.disk_mib", AT_S, sawtooth).is_flat
    assert verdict_of("worker.rss_mib", AT_S, [200.0 - 0.5 * number for number in range(len(AT_S))]).is_flat


def test_one_descriptor_a_minute_is_called_growing() -> None:
    assert not verdict_of("serve.fds", AT_S, [40.0 + at // 60 for at in AT_S]).is_flat


def test_the_sheet_names_what_grows() -> None:
    values = [40.0 + at // 60 for at in AT_S]
    drawn = sheet(AT_S, {"serve.fds": values}, {"serve.fds": verdict_of("serve.fds", AT_S, values)}, 60.0)
    assert drawn.count("<polyline") == 1
    assert "serve.fds" in drawn
    assert "GROWS" in drawn
