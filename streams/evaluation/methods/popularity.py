"""What most people take, ever or lately: knows nothing of the person, hard to beat where tastes come in waves."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.evaluation.methods.port import Numbers, Ranking, Requests, Rows, Setting, Step

FOREVER_S: Final = np.inf


class Popularity:
    """Items by their number of events in the last window_s seconds before a question."""

    def __init__(self, setting: Setting, name: str, window_s: float = FOREVER_S) -> None:
        self.name = name
        self._rows_of = setting.catalogue.rows_of
        self._window_s = window_s
        self._counts = np.zeros(len(setting.catalogue))
        self._inside: deque[tuple[float, Rows]] = deque()

    def learn(self, step: Step) -> None:
        """Count."""
        items = step.items[step.weights > 0]
        np.add.at(self._counts, items, 1.0)
        if self._window_s < FOREVER_S and len(items):
            self._inside.append((float(step.times_s[0]), items))

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """The same for everybody who asks at one time on one platform."""
        rankings = []
        for platform, now_s in zip(requests.platforms.tolist(), requests.times_s.tolist(), strict=True):
            while self._inside and self._inside[0][0] < now_s - self._window_s:
                np.add.at(self._counts, self._inside.popleft()[1], -1.0)
            rankings.append(_above_zero(self._rows_of[platform], self._counts))
        return rankings


class FadingPopularity:
    """Items by their number of events, each counting half after half_life_s."""

    def __init__(self, setting: Setting, name: str, half_life_s: float) -> None:
        self.name = name
        self._rows_of = setting.catalogue.rows_of
        self._half_life_s = half_life_s
        self._counts = np.zeros(len(setting.catalogue))
        self._as_of_s = 0.0

    def learn(self, step: Step) -> None:
        """Fade what was counted, then count."""
        if len(step):
            now_s = float(step.times_s[0])
            self._counts *= np.exp2((self._as_of_s - now_s) / self._half_life_s)
            self._as_of_s = now_s
            np.add.at(self._counts, step.items[step.weights > 0], 1.0)

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """All counts have the same age, so their order needs no further fading."""
        return [_above_zero(self._rows_of[platform], self._counts) for platform in requests.platforms]


class AtRandom:
    """Nothing is listed, so every candidate is as likely as any other: what no method may fall below."""

    def __init__(self, setting: Setting, name: str) -> None:
        del setting
        self.name = name

    def learn(self, step: Step) -> None:
        """Nothing to learn."""

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """Empty lists."""
        return [Ranking(np.zeros(0, dtype=np.intp))] * len(requests)


def _above_zero(rows: Rows, counts: Numbers) -> Ranking:
    rows = rows[counts[rows] > 0]
    return Ranking(rows, counts[rows])
