"""How values look."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.console import formats
from streams.console.formats import count, duration, percent, score, time_of


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(formats).failed == 0


@given(st.floats(0, 4e9))
def test_a_moment_is_for_programs_and_for_people_alike(at_s: float) -> None:
    shown = str(time_of(at_s))
    moment = datetime.fromtimestamp(at_s, UTC)
    assert f'datetime="{moment:%Y-%m-%dT%H:%M:%SZ}"' in shown
    assert f"{moment:%Y-%m-%d %H:%M:%S} UTC" in shown


def test_no_moment_is_a_dash() -> None:
    assert str(time_of(None)) == "–"


@given(st.floats(0, 1e9))
def test_a_duration_has_one_unit(seconds: float) -> None:
    number, unit = duration(seconds).split(" ")
    assert unit in {"ms", "s", "min", "h", "d"}
    assert float(number) >= 0


@given(st.integers(0, 10**15))
def test_a_count_loses_no_digit(number: int) -> None:
    assert int(count(number).replace("\u202f", "")) == number


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0 %"), (1.0, "100 %"), (0.5, "50.0 %"), (0.001, "0.10 %")])
def test_a_share_is_a_percentage(share: float, shown: str) -> None:
    assert percent(share) == shown


@given(st.floats(-1e6, 1e6))
def test_a_score_reads_as_the_number_it_is(value: float) -> None:
    assert float(score(value).replace("−", "-")) == pytest.approx(value, rel=6e-3, abs=1e-9)
