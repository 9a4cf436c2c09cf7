"""The canary by itself: what it sends, how long it waits, what it counts. Kafka, serve and time are doubles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.canary import SOURCE, Canary, Habits
from streams.domain.actions import ActionTable
from streams.domain.events import event_id
from streams.errors import Retryable, Unavailable, UsageError
from streams.telemetry.metrics import REGISTRY
from tests.support.serving import ManualClock


@dataclass
class World:
    """Takes events, shows each `delay_s` later, and is the clock and the waiting of the canary."""

    delay_s: float = 1.0
    refusal: Exception | None = None
    stop_after_s: float = float("inf")
    at_s: float = 0.0
    sent: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    n_asked: int = 0
    #: What serve answers instead, until then.
    fault: tuple[float, Exception] | None = None

    def send(self, event: dict[str, Any]) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.sent.append((self.at_s, event))

    def holds(self, identifier: str) -> bool:
        self.n_asked += 1
        if self.fault is not None and self.at_s < self.fault[0]:
            raise self.fault[1]
        shown = [event for at_s, event in self.sent if self.at_s >= at_s + self.delay_s]
        return any(event_id(SOURCE, event["id"]).hex() == identifier for event in shown)

    def wait(self, seconds: float) -> bool:
        self.at_s += seconds
        return self.at_s >= self.stop_after_s

    def canary(self, **habits: float) -> Canary:
        return Canary(self, Habits("canary", **habits), ManualClock(), self.wait, lambda: self.at_s)


@pytest.fixture
def counted() -> Any:
    """How much a metric grew since the test began."""
    names = ("braid_canary_sent_total", "braid_canary_lost_total", "braid_canary_seconds_count", "braid_canary_seconds_sum")
    before = {name: REGISTRY.get_sample_value(name) or 0.0 for name in names}
    return lambda name: (REGISTRY.get_sample_value(name) or 0.0) - before[name]


def test_an_event_that_comes_out_is_timed(counted: Any) -> None:
    flight = World(delay_s=1.0).canary().fly()
    assert flight.took_s == pytest.approx(1.0, abs=0.21)
    assert counted("braid_canary_sent_total") == counted("braid_canary_seconds_count") == 1
    assert counted("braid_canary_seconds_sum") == pytest.approx(flight.took_s)
    assert counted("braid_canary_lost_total") == 0


@given(delay_s=st.floats(0.0, 60.0), give_up_s=st.floats(1.0, 30.0), look_s=st.floats(0.05, 2.0))
def test_a_time_is_late_by_less_than_a_look_and_a_loss_is_told_no_sooner_than_due(
    delay_s: float, give_up_s: float, look_s: float
) -> None:
    world = World(delay_s=delay_s)
    flight = world.canary(give_up_s=give_up_s, look_s=look_s).fly()
    if flight.took_s is None:
        assert delay_s > give_up_s - look_s - 1e-6
        assert give_up_s <= world.at_s <= give_up_s + look_s + 1e-6
    else:
        assert delay_s <= flight.took_s <= delay_s + look_s + 1e-6
        assert flight.took_s < give_up_s


def test_an_event_that_does_not_come_out_in_time_is_lost_and_not_waited_for_longer(counted: Any) -> None:
    world = World(delay_s=31.0)
    flight = world.canary(give_up_s=30.0).fly()
    assert flight.took_s is None
    assert flight.why == "not out after 30 s: serve answers, without the event"
    assert world.at_s == pytest.approx(30.0, abs=0.21)
    assert counted("braid_canary_lost_total") == 1
    assert counted("braid_canary_seconds_count") == 0


def test_an_event_that_the_broker_refuses_is_lost_at_once(counted: Any) -> None:
    world = World(refusal=Retryable("Local: Message timed out"))
    assert world.canary().fly().why == "the broker did not take it: Local: Message timed out"
    assert world.n_asked == 0
    assert counted("braid_canary_lost_total") == counted("braid_canary_sent_total") == 1


@pytest.mark.parametrize("error", [Unavailable("nothing answers"), UsageError("too many requests")])
def test_a_serve_that_does_not_answer_for_a_while_is_asked_again(error: Exception, counted: Any) -> None:
    assert World(fault=(5.0, error)).canary().fly().took_s == pytest.approx(5.0, abs=0.21)
    assert counted("braid_canary_lost_total") == 0


def test_a_serve_that_never_answers_is_named_in_the_loss() -> None:
    world = World(fault=(float("inf"), Unavailable("nothing answers at http://127.0.0.1:8080")))
    assert world.canary().fly().why == "not out after 30 s: nothing answers at http://127.0.0.1:8080"


def test_an_event_begun_before_the_end_is_neither_seen_nor_lost(counted: Any) -> None:
    flight = World(delay_s=10.0, stop_after_s=3.0).canary().fly()
    assert (flight.took_s, flight.why) == (None, "")
    assert counted("braid_canary_lost_total") == counted("braid_canary_seconds_count") == 0


def test_events_leave_at_the_pace_whatever_each_takes() -> None:
    world = World(delay_s=1.0, stop_after_s=60.0)
    world.canary(every_s=15.0).run()
    assert [at_s for at_s, _ in world.sent] == pytest.approx([0.0, 15.0, 30.0, 45.0])


def test_lost_events_put_the_next_one_off_and_do_not_pile_up() -> None:
    world = World(delay_s=99.0, stop_after_s=100.0)
    world.canary(every_s=15.0, give_up_s=30.0).run()
    assert len(world.sent) == 4


def test_its_events_move_no_profile_and_name_no_item() -> None:
    world = World()
    world.canary().fly()
    world.canary().fly()
    (_, first), (_, second) = world.sent
    assert first["id"] != second["id"]
    assert first["consent"] == "granted"
    assert "item" not in first["data"]
    assert ActionTable().weight_of(first["type"].removeprefix("canary.")) == 0.0
