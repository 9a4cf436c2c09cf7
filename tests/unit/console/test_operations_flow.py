"""The figures of the flow: rates from offsets, ages from the broker's clock, never a number that is none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.console.live import Live, Viewer
from streams.console.operations_flow import FlowWatch
from streams.errors import Unavailable
from streams.service.flow import KEPT_S, STAGES, FlowHistory, StageStand
from tests.support.serving import NOON_S, ManualClock


def stands(n_applied: int, n_behind: int = 0, oldest_at_s: float | None = None) -> list[StageStand]:
    return [StageStand(stage, n_applied, n_behind, oldest_at_s) for stage in STAGES]


def test_a_stage_that_has_caught_up_has_the_age_zero() -> None:
    history = FlowHistory()
    history.add(NOON_S, stands(10))
    assert {flow.age_s for flow in history.now()} == {0.0}


def test_a_stage_that_is_held_ages_with_the_clock_and_falls_when_it_goes_on() -> None:
    history = FlowHistory()
    history.add(NOON_S, stands(10))
    for passed_s in (2.0, 4.0, 6.0):
        history.add(NOON_S + passed_s, stands(10, 3, NOON_S))
        assert (history.now()[0].age_s, history.now()[0].trend) == (passed_s, "rises")
    history.add(NOON_S + 8.0, stands(13))
    assert (history.now()[0].age_s, history.now()[0].trend) == (0.0, "falls")


def test_the_rate_is_a_mean_over_ten_seconds() -> None:
    history = FlowHistory()
    for passed_s in range(0, 40, 2):
        history.add(NOON_S + passed_s, stands(100 * passed_s))
    assert history.now()[0].rate_per_s == 100.0


def test_only_the_last_minutes_are_kept() -> None:
    history = FlowHistory()
    for passed_s in range(0, 2_000, 2):
        history.add(NOON_S + passed_s, stands(passed_s))
    times = history.series().at_s
    assert times[-1] - times[0] == KEPT_S
    assert history.series(times[-2]).at_s == times[-1:]


@given(
    st.lists(
        st.tuples(
            st.floats(-5.0, 5.0), st.integers(0, 10_000), st.integers(0, 100), st.none() | st.floats(-1e9, 1e9)
        ),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_no_reading_makes_a_figure_that_is_none(readings: list[tuple[float, int, int, float | None]]) -> None:
    history, at_s = FlowHistory(), NOON_S
    for passed_s, n_applied, n_behind, oldest_at_s in readings:
        at_s += passed_s
        history.add(at_s, stands(n_applied, n_behind, oldest_at_s))
        for flow in history.now():
            assert all(math.isfinite(figure) and figure >= 0.0 for figure in (flow.rate_per_s, flow.age_s))


class Broker:
    """`Stands` in memory. is_away: as if no broker answered."""

    def __init__(self) -> None:
        self.is_away = False
        self.n_asked = 0

    def read(self) -> list[StageStand]:
        self.n_asked += 1
        if self.is_away:
            raise Unavailable("no broker answers")
        return stands(1)


def test_a_broker_that_is_away_is_said_beside_the_last_figures() -> None:
    broker, clock = Broker(), ManualClock()
    watch = FlowWatch(broker, Live(), clock, lambda language, _: language)
    assert watch.view().fault == ""
    broker.is_away, clock.at_s = True, NOON_S + 60.0
    view = watch.view()
    assert view.fault == "no broker answers"
    assert (view.read_at, len(view.stages)) == (NOON_S, len(STAGES))


def test_a_page_that_asks_again_at_once_costs_the_brokers_nothing() -> None:
    broker = Broker()
    watch = FlowWatch(broker, Live(), ManualClock(), lambda language, _: language)
    for _ in range(5):
        watch.view()
    assert broker.n_asked == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_part_of_a_language_is_made_for_pages_that_show_it(language: str) -> None:
    live = Live()
    viewer = Viewer([], [f"flow-{language}"])
    live._join(viewer)
    watch = FlowWatch(Broker(), live, ManualClock(), lambda language, _: f"in {language}")
    watch.view()
    watch.turn()
    assert viewer.parts == {f"flow-{language}": f"in {language}"}
