"""The port of the evaluation: a method learns what happened, step by step, and ranks what may come next.

The replay (`streams/evaluation/replay.py`) keeps the promise that makes a figure worth something: what `learn` was told
before a `rank` lies strictly before the time of every request, and nothing else of the log reaches a method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streams.evaluation.catalogue import Catalogue

Rows = NDArray[np.intp]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """What a method is made from. n_users: user rows are below it.

    has_shared_clock: times are seconds since the epoch and compare between people. Without it they count from each
    person's first event: only the order of one person's events means anything, and everything is learnt in one step.
    seed: of whatever a method draws.
    """

    catalogue: Catalogue
    n_users: int
    has_shared_clock: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Step:
    """n events. users, items (rows), times_s, weights (as in `evaluation.logs.Log`): (n,).

    With a shared clock all events of a step have the same time, and their order means nothing. Without it they stand in
    the order of the source, person by person.
    """

    users: Rows
    items: Rows
    times_s: Numbers
    weights: Numbers

    def __len__(self) -> int:
        return len(self.users)


@dataclass(frozen=True)
class Requests:
    """R questions "what next, on this platform?". users, platforms (codes), times_s: (R,).

    seen: for each request the item rows, rising, that its user had before (of any platform). They need not be ranked:
    the metrics drop them, with what else is no candidate.
    """

    users: Rows
    platforms: Rows
    times_s: Numbers
    seen: Sequence[Rows]

    def __len__(self) -> int:
        return len(self.users)


@dataclass(frozen=True)
class Ranking:
    """Item rows (L,) of the request's platform, each once; what is not listed counts as drawn at random behind them.

    scores: (L,), higher is better, in any order; equal scores are tied, and the metrics are expected values over the
    orders of a tie. None: the items stand best first, without ties.
    """

    items: Rows
    scores: Numbers | None = None


class Method(Protocol):
    """A way to recommend. Deterministic for the same setting and calls; called from one thread."""

    @property
    def name(self) -> str:
        """Of its rows in the report: snake_case."""

    def learn(self, step: Step) -> None:
        """Take in events; all of them are strictly earlier than every later request."""

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """One ranking a request, in order. Must not learn from the requests."""


MakeMethod = Callable[[Setting], Method]
