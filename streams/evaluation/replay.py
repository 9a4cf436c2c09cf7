"""The replay: a method is told what was known by the time of a question, asked, and only then told more.

Two promises, held by `tests/unit/evaluation/test_replay.py` with a spying method over random logs: no event reaches a
method before a question whose time is not strictly later, and no question tells what its answer is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from streams.evaluation.logs import Log, Targets
from streams.evaluation.methods.port import MakeMethod, Requests, Rows, Setting, Step
from streams.evaluation.outcomes import Outcomes, Scorer
from streams.evaluation.protocols import Plan

#: Most questions in one call: bounds the memory of methods that score whole catalogues.
MAX_REQUESTS: Final = 256

OnProgress = Callable[[int], None]


@dataclass(frozen=True)
class Stage:
    """What is told, step by step, and then asked (rows of the plan's targets)."""

    steps: Iterator[Step]
    asked: Rows


def stages(plan: Plan) -> Iterator[Stage]:
    """The plan in order. The steps of a stage must be taken before the next stage."""
    if plan.log.has_shared_clock:
        return _by_time(plan.log, plan.targets)
    return _at_once(plan)


def replay(plan: Plan, make: MakeMethod, seed: int, on_progress: OnProgress = lambda _: None) -> Outcomes:
    """How a method fares. on_progress gets the number of targets that were asked since it was last called."""
    log, targets = plan.log, plan.targets
    method = make(Setting(log.catalogue, len(log.user_names), log.has_shared_clock, seed))
    scorer = Scorer(log.catalogue, targets)
    for stage in stages(plan):
        for step in stage.steps:
            method.learn(step)
        for start in range(0, len(stage.asked), MAX_REQUESTS):
            asked = stage.asked[start : start + MAX_REQUESTS]
            rankings = method.rank(_requests(targets.at(asked)))
            if len(rankings) != len(asked):
                raise ValueError(f"{method.name}: {len(rankings)} rankings for {len(asked)} requests")
            for row, ranking in zip(asked.tolist(), rankings, strict=True):
                scorer.score(row, ranking)
            on_progress(len(asked))
    return scorer.outcomes


def _requests(targets: Targets) -> Requests:
    return Requests(targets.users, targets.platforms, targets.times_s, targets.seen)


def _by_time(log: Log, targets: Targets) -> Iterator[Stage]:
    told = 0
    order = np.argsort(targets.times_s, kind="stable")
    times_s, starts = np.unique(targets.times_s[order], return_index=True)
    cuts = [*starts.tolist(), len(order)]
    for time_s, first, after in zip(times_s, cuts[:-1], cuts[1:], strict=True):
        asked = order[first:after]
        known = int(np.searchsorted(log.times_s, time_s, "left"))
        yield Stage(_steps(log, told, known), asked)
        told = known


def _steps(log: Log, start: int, end: int) -> Iterator[Step]:
    """Events [start, end), one step for each distinct time."""
    cuts = start + np.flatnonzero(np.diff(log.times_s[start:end])) + 1
    for first, after in zip([start, *cuts.tolist()], [*cuts.tolist(), end], strict=True):
        if after > first:
            yield log.step(slice(first, after))


def _at_once(plan: Plan) -> Iterator[Stage]:
    log = plan.log if plan.learnt is None else plan.log.only(plan.learnt)
    yield Stage(iter([log.step(slice(0, len(log)))]), np.arange(len(plan.targets)))
