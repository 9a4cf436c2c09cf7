"""Two methods at once: the sum of their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streams.evaluation.methods.port import Method, Numbers, Ranking, Requests, Setting, Step


class Blend:
    """The scores of each method, divided by its best of the request, are added; unlisted counts 0."""

    def __init__(self, setting: Setting, name: str, methods: Sequence[Method]) -> None:
        self.name = name
        self._methods = methods
        self._n_items = len(setting.catalogue)

    def learn(self, step: Step) -> None:
        """Tell everybody."""
        for method in self._methods:
            method.learn(step)

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """What at least one of them lists."""
        return [
            self._sum(rankings) for rankings in zip(*(method.rank(requests) for method in self._methods), strict=True)
        ]

    def _sum(self, rankings: Sequence[Ranking]) -> Ranking:
        total: Numbers = np.zeros(self._n_items)
        for ranking in rankings:
            if ranking.scores is None:
                raise ValueError("a blend needs scores")
            if len(ranking.items):
                total[ranking.items] += ranking.scores / ranking.scores.max()
        items = np.flatnonzero(total)
        return Ranking(items, total[items])
