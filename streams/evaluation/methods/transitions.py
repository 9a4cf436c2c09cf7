"""What people took soon after the item that this person took last.

    score(b) = sum over people and gaps g of .7^(g - 1), g = 1..8 places from a to b; times .3 where b came before a

A Markov chain with a window. Its three numbers are those of the reference that `docs/evaluation.md` compares with.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.evaluation.methods.port import Numbers, Ranking, Requests, Setting, Step

WINDOW: Final = 8
PER_PLACE: Final = 0.7
BACKWARD: Final = 0.3


class Transitions:
    """Counts as events come; only the last item of a person asks."""

    def __init__(self, setting: Setting, name: str) -> None:
        self.name = name
        self._rows_of = setting.catalogue.rows_of
        n = len(setting.catalogue)
        self._to: list[array[int]] = [array("i") for _ in range(n)]
        self._worth: list[array[float]] = [array("d") for _ in range(n)]
        self._lately: list[deque[int]] = [deque(maxlen=WINDOW) for _ in range(setting.n_users)]

    def learn(self, step: Step) -> None:
        """Note each step from the items of the window to the new one, and back."""
        likes = step.weights > 0
        for user, item in zip(step.users[likes].tolist(), step.items[likes].tolist(), strict=True):
            worth = 1.0
            for before in reversed(self._lately[user]):
                self._note(before, item, worth)
                self._note(item, before, BACKWARD * worth)
                worth *= PER_PLACE
            self._lately[user].append(item)

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """Only items that came near the last one are listed."""
        rankings = []
        for user, platform in zip(requests.users.tolist(), requests.platforms.tolist(), strict=True):
            scores = self._scores(user)
            rows = self._rows_of[platform]
            rows = rows[scores[rows] > 0]
            rankings.append(Ranking(rows, scores[rows]))
        return rankings

    def _scores(self, user: int) -> Numbers:
        """(N,) of every item."""
        n = len(self._to)
        if not self._lately[user]:
            return np.zeros(n)
        last = self._lately[user][-1]
        worth = np.bincount(np.array(self._to[last], dtype=np.intp), np.array(self._worth[last]), minlength=n)
        return worth.astype(np.float64)

    def _note(self, before: int, after: int, worth: float) -> None:
        self._to[before].append(after)
        self._worth[before].append(worth)
