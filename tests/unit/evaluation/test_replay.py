"""The replay tells a method nothing that happened at or after the time of what it has to foretell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluation.csv_folders import CsvFolder
from streams.evaluation.logs import Log, targets_of
from streams.evaluation.methods.port import Ranking, Requests, Setting, Step
from streams.evaluation.protocols import OWN_CLOCK, Plan, stream
from streams.evaluation.replay import replay
from tests.support.small_logs import a_catalogue, a_log, logs


class Spy:
    """Remembers what it was told and asked, in order."""

    name = "spy"

    def __init__(self) -> None:
        self.told: list[tuple[int, int, float]] = []
        self.asked: list[tuple[int, float, list[tuple[int, int, float]], list[int]]] = []

    def made(self, setting: Setting) -> Spy:
        del setting
        return self

    def learn(self, step: Step) -> None:
        self.told += zip(step.users.tolist(), step.items.tolist(), step.times_s.tolist(), strict=True)

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        for user, time_s, seen in zip(requests.users.tolist(), requests.times_s.tolist(), requests.seen, strict=True):
            self.asked.append((user, time_s, list(self.told), seen.tolist()))
        return [Ranking(np.zeros(0, dtype=np.intp))] * len(requests)


def events_of(log: Log) -> list[tuple[int, int, float]]:
    return list(zip(log.users.tolist(), log.items.tolist(), log.times_s.tolist(), strict=True))


def folder_of(log: Log) -> CsvFolder:
    return CsvFolder(path=None, log=log, parts=np.zeros(len(log), dtype=np.intp), user_rows={}, item_rows={})  # type: ignore[arg-type]


@pytest.mark.requirement("N1")
@given(log=logs(), picks=st.lists(st.integers(0, 39), min_size=1, max_size=12))
def test_a_method_knows_exactly_the_strictly_earlier_events(log, picks):
    rows = np.unique(np.array(picks) % len(log))
    spy = Spy()
    replay(Plan("any", log, targets_of(log, log.users[rows], log.items[rows], log.times_s[rows])), spy.made, seed=0)
    assert len(spy.asked) == len(rows)
    for _, time_s, told, _ in spy.asked:
        assert sorted(told) == sorted(event for event in events_of(log) if event[2] < time_s)


@given(log=logs(), picks=st.lists(st.integers(0, 39), min_size=1, max_size=12))
def test_a_question_names_only_what_its_user_had_before(log, picks):
    rows = np.unique(np.array(picks) % len(log))
    spy = Spy()
    replay(Plan("any", log, targets_of(log, log.users[rows], log.items[rows], log.times_s[rows])), spy.made, seed=0)
    for user, time_s, _, seen in spy.asked:
        assert seen == sorted({item for who, item, at_s in events_of(log) if who == user and at_s < time_s})


@given(log=logs(), seed=st.integers(0, 3))
def test_streams_of_any_log_keep_the_promise_too(log, seed):
    spy = Spy()
    replay(stream(log, "test", seed), spy.made, seed)
    assert all(at_s < time_s for _, time_s, told, _ in spy.asked for _, _, at_s in told)


@pytest.mark.parametrize("protocol", ["beauty", "beauty_strict"])
@pytest.mark.parametrize("split", ["test", "valid"])
@given(log=logs(shared_clock=False))
def test_without_a_common_clock_nobody_is_told_a_persons_target_or_what_came_after(protocol, split, log):
    plan, spy = OWN_CLOCK[protocol](folder_of(log), split, 0), Spy()
    replay(plan, spy.made, seed=0)
    targets = zip(plan.targets.users.tolist(), plan.targets.items.tolist(), plan.targets.times_s.tolist(), strict=True)
    for user, item, time_s in targets:
        of_user = [event for event in spy.told if event[0] == user]
        assert (user, item, time_s) not in of_user
        assert all(at_s < time_s or (protocol == "beauty" and at_s == time_s) for _, _, at_s in of_user)


def test_every_step_of_a_common_clock_holds_one_time():
    log = a_log([(0, 0, 0.0), (1, 1, 0.0), (0, 2, 1.0), (0, 4, 2.0)], a_catalogue(["food"] * 5))
    times: list[set[float]] = []

    class Steps(Spy):
        def learn(self, step: Step) -> None:
            times.append(set(step.times_s.tolist()))

    replay(Plan("any", log, targets_of(log, np.array([0]), np.array([4]), np.array([2 * 86_400.0]))), Steps().made, 0)
    assert [len(each) for each in times] == [1, 1]


def test_a_method_that_does_not_answer_every_question_is_a_fault():
    class Mute(Spy):
        def rank(self, requests: Requests) -> Sequence[Ranking]:
            return [][: len(requests)]

    log = a_log([(0, 0, 0.0), (0, 1, 1.0)], a_catalogue(["food"] * 3))
    plan = Plan("any", log, targets_of(log, np.array([0]), np.array([1]), np.array([86_400.0])))
    with pytest.raises(ValueError, match="0 rankings for 1 requests"):
        replay(plan, Mute().made, 0)
