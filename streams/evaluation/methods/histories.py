"""What each person did so far, for methods that start from it."""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.evaluation.methods.port import Numbers, Rows, Step

DAY_S: Final = 86_400.0


class Histories:
    """Items and times of each person, in order of learning; an event that counts nothing (weight <= 0) is left out."""

    def __init__(self, n_users: int) -> None:
        self._items: list[list[int]] = [[] for _ in range(n_users)]
        self._times_s: list[list[float]] = [[] for _ in range(n_users)]

    def add(self, step: Step) -> None:
        """Append the events of a step."""
        likes = step.weights > 0
        for user, item, time_s in zip(
            step.users[likes].tolist(), step.items[likes].tolist(), step.times_s[likes].tolist(), strict=True
        ):
            self._items[user].append(item)
            self._times_s[user].append(time_s)

    def items_of(self, user: int) -> Rows:
        """Item rows, oldest first."""
        return np.array(self._items[user], dtype=np.intp)

    def times_of(self, user: int) -> Numbers:
        """Seconds, as long as `items_of`."""
        return np.array(self._times_s[user], dtype=np.float64)


class Fading:
    """How much an event of a history still counts: by its age, by its place from the end, or all alike.

    half_life_s: an event of that age counts half. per_step: the event k places before the last one counts per_step^k.
    """

    def __init__(self, *, half_life_s: float = np.inf, per_step: float = 1.0) -> None:
        self._half_life_s, self._per_step = half_life_s, per_step

    def weights(self, times_s: Numbers, now_s: float) -> Numbers:
        """(n,) of a history, oldest first."""
        places = np.arange(len(times_s) - 1, -1, -1, dtype=np.float64)
        by_age: Numbers = np.exp2(-(now_s - times_s) / self._half_life_s)
        return by_age * self._per_step**places
