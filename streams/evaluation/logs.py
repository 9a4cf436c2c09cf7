"""Logged behaviour in memory, and the targets that are asked for in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streams.evaluation.catalogue import Catalogue
from streams.evaluation.methods.port import Numbers, Rows, Step


@dataclass(frozen=True)
class Log:
    """E events in order of time, those of one time in the order of the source; without a shared clock person by person.

    users, items: rows (E,). times_s: (E,) seconds since the epoch, or since the person's first event where
    has_shared_clock is false. weights: (E,), 1 for a review and where unknown, at most 1
    (`ranking.touch_weights`); what people turned away from weighs less than 0.
    """

    catalogue: Catalogue
    user_names: tuple[str, ...]
    users: Rows
    items: Rows
    times_s: Numbers
    weights: Numbers
    has_shared_clock: bool = True

    def __len__(self) -> int:
        return len(self.users)

    def only(self, keep: NDArray[np.bool_]) -> Log:
        """The log of some events (E,), with the same user and item rows."""
        return Log(
            self.catalogue,
            self.user_names,
            self.users[keep],
            self.items[keep],
            self.times_s[keep],
            self.weights[keep],
            self.has_shared_clock,
        )

    def step(self, events: slice) -> Step:
        """Some neighbouring events as a method gets them."""
        return Step(self.users[events], self.items[events], self.times_s[events], self.weights[events])

    @cached_property
    def _by_user(self) -> tuple[Rows, Rows]:
        """(event rows person by person, in order; where each user row begins (U + 1,))."""
        order = np.argsort(self.users, kind="stable")
        return order, np.searchsorted(self.users[order], np.arange(len(self.user_names) + 1))

    def events_of(self, user: int) -> Rows:
        """Event rows of one person, in order."""
        order, starts = self._by_user
        return order[starts[user] : starts[user + 1]]


@dataclass(frozen=True)
class Targets:
    """T events to be foretold. users, items (rows), platforms (codes), times_s: (T,).

    seen: item rows, rising, that the user had strictly before. barred: item rows that are neither known to the method
    nor candidates, being other events of the target's time. n_before: (T,) events of the user before. is_tied: (T,)
    whether the target shares its day with the event before it in the source; None where nobody asks.
    """

    users: Rows
    items: Rows
    platforms: Rows
    times_s: Numbers
    seen: Sequence[Rows]
    barred: Sequence[Rows]
    n_before: Rows
    is_tied: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.users)

    def at(self, rows: Rows) -> Targets:
        """Some of the targets (rows), in the order given."""
        return Targets(
            self.users[rows],
            self.items[rows],
            self.platforms[rows],
            self.times_s[rows],
            [self.seen[row] for row in rows],
            [self.barred[row] for row in rows],
            self.n_before[rows],
            None if self.is_tied is None else self.is_tied[rows],
        )


def targets_of(log: Log, users: Rows, items: Rows, times_s: Numbers) -> Targets:
    """Targets of a log with a shared clock: what is earlier is history, the rest of the target's time is barred."""
    seen, barred = [], []
    n_before = np.zeros(len(users), dtype=np.intp)
    for row, (user, item, time_s) in enumerate(zip(users, items, times_s, strict=True)):
        events = log.events_of(user)
        times = log.times_s[events]
        first, after = np.searchsorted(times, time_s, "left"), np.searchsorted(times, time_s, "right")
        n_before[row] = first
        seen.append(np.unique(log.items[events[:first]]))
        others = np.unique(log.items[events[first:after]])
        barred.append(others[others != item])
    return Targets(users, items, log.catalogue.platform[items], times_s, seen, barred, n_before)
