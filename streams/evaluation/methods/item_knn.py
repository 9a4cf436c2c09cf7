"""Item-to-item neighbours by co-occurrence: who took what this person took, took this too.

    score(i) = sum over the person's items j of fading(j) · c(i, j) / sqrt(n_i · n_j)

with c the number of people who took both within a span and n the number of events: the cosine of the item columns
(Sarwar et al. 2001), kept up to date by events.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from streams.evaluation.methods.histories import Fading, Histories
from streams.evaluation.methods.port import Numbers, Ranking, Requests, Setting, Step


class ItemKnn:
    """Pairs are counted as they happen. within_s: only events of one person that are at most this far apart pair up."""

    def __init__(self, setting: Setting, name: str, fading: Fading, within_s: float = np.inf) -> None:
        self.name = name
        self._rows_of = setting.catalogue.rows_of
        self._fading, self._within_s = fading, within_s
        self._n_items = len(setting.catalogue)
        self._counts = np.zeros(self._n_items)
        self._partners: list[array[int]] = [array("i") for _ in range(self._n_items)]
        self._lately: list[list[tuple[float, int]]] = [[] for _ in range(setting.n_users)]
        self._histories = Histories(setting.n_users)

    def learn(self, step: Step) -> None:
        """Pair every event with its person's earlier ones."""
        self._histories.add(step)
        likes = step.weights > 0
        np.add.at(self._counts, step.items[likes], 1.0)
        for user, item, time_s in zip(
            step.users[likes].tolist(), step.items[likes].tolist(), step.times_s[likes].tolist(), strict=True
        ):
            lately = [(at_s, other) for at_s, other in self._lately[user] if at_s >= time_s - self._within_s]
            for _, other in lately:
                if other != item:
                    self._partners[item].append(other)
                    self._partners[other].append(item)
            lately.append((time_s, item))
            self._lately[user] = lately

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """Only items with a pair are listed."""
        rankings = []
        asked = zip(requests.users.tolist(), requests.platforms.tolist(), requests.times_s.tolist(), strict=True)
        for user, platform, now_s in asked:
            scores = self._scores(user, now_s)
            rows = self._rows_of[platform]
            rows = rows[scores[rows] > 0]
            rankings.append(Ranking(rows, scores[rows]))
        return rankings

    def _scores(self, user: int, now_s: float) -> Numbers:
        """(N,) of every item."""
        items = self._histories.items_of(user)
        weights = self._fading.weights(self._histories.times_of(user), now_s)
        partners = [np.array(self._partners[item], dtype=np.intp) for item in items]
        if not partners:
            return np.zeros(self._n_items)
        shares = np.repeat(weights / np.sqrt(self._counts[items]), [len(each) for each in partners])
        together = np.bincount(np.concatenate(partners), weights=shares, minlength=self._n_items)
        scores: Numbers = together / np.sqrt(np.maximum(self._counts, 1.0))
        return scores
