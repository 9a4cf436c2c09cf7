"""The single-platform baseline: a method for each platform that knows nothing of what people do on the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streams.evaluation.methods.port import MakeMethod, Method, Ranking, Requests, Rows, Setting, Step


class SamePlatform:
    """Made anew for each platform, told its events alone, asked about its items alone."""

    def __init__(self, setting: Setting, name: str, make: MakeMethod) -> None:
        self.name = name
        self._platform = setting.catalogue.platform
        self._methods: list[Method] = [make(setting) for _ in setting.catalogue.platforms]

    def learn(self, step: Step) -> None:
        """Hand each event to its platform's method."""
        platforms = self._platform[step.items]
        for code, method in enumerate(self._methods):
            here = platforms == code
            if here.any():
                method.learn(Step(step.users[here], step.items[here], step.times_s[here], step.weights[here]))

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """Hand each request to its platform's method, without what the person had elsewhere."""
        rankings = [Ranking(np.zeros(0, dtype=np.intp))] * len(requests)
        for code, method in enumerate(self._methods):
            asked = np.flatnonzero(requests.platforms == code)
            if len(asked):
                for row, ranking in zip(asked.tolist(), method.rank(self._of(requests, asked, code)), strict=True):
                    rankings[row] = ranking
        return rankings

    def _of(self, requests: Requests, asked: Rows, code: int) -> Requests:
        seen = [requests.seen[row][self._platform[requests.seen[row]] == code] for row in asked]
        return Requests(requests.users[asked], requests.platforms[asked], requests.times_s[asked], seen)
