"""Made-up people who take what they are shown for a reason: because it is close to them, or because many take it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from streams.domain.decay import DAY_S
from streams.ranking.feedback import Answer, Feedback
from streams.ranking.live import LiveRanker, Question, Touch
from streams.ranking.reranker_files import packaged

Reason = Literal["closeness", "crowd", "chance"]
NOW_S = 100 * DAY_S
N_ITEMS, N_PEOPLE, N_NEAR, N_HOT, SHOWN = 120, 150, 20, 20, 10
#: How decided people are: the greater, the surer they want the item that is best by their reason.
DECIDED = 8.0
START = 4.0


def begun() -> LiveRanker:
    """Closeness counts four times as much as behaviour: too much for some people, too little for others."""
    ranker = LiveRanker(packaged())
    ranker.use(packaged(), START, "")
    return ranker


@dataclass
class Taking:
    """A ranker and its people. One request: somebody wants one item; they take it where it is among those shown.

    What is wanted does not depend on what was learnt, so two of the same seed differ by the ranking alone.
    """

    platform: str
    reason: Reason
    seed: int = 0
    learns: bool = True
    ranker: LiveRanker = field(default_factory=begun)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self._keys = [f"{self.platform}:{n}" for n in range(N_ITEMS)]
        self._hot = np.exp(-np.arange(N_ITEMS) / 15.0)
        people = [f"person-{n}" for n in range(N_PEOPLE)]
        self.ranker.observe(
            [
                Touch(people[who], self._keys[item], day * DAY_S + second)
                for day in range(70, 100)
                for second, (who, item) in enumerate(
                    zip(
                        self._random.integers(0, N_PEOPLE, 30).tolist(),
                        self._random.choice(N_ITEMS, 30, p=self._hot / self._hot.sum()).tolist(),
                        strict=True,
                    )
                )
            ]
        )
        self._asked = 0

    def hit_rate(self, n_requests: int) -> float:
        """The part of so many requests, one a minute, whose wanted item was among those shown."""
        return float(np.mean([self._request() for _ in range(n_requests)]))

    def _request(self) -> bool:
        self._asked += 1
        person, at_s = f"guest-{self._asked}", NOW_S + 60.0 * self._asked
        near = self._random.choice(N_ITEMS, N_NEAR, replace=False)
        content = {self._keys[at]: float(close) for at, close in zip(near, self._random.random(N_NEAR), strict=True)}
        wanted = self._wanted(content)
        found = self.ranker.rank(Question((person,), self.platform, at_s, content=content), SHOWN)
        items = [scored.item for scored in found]
        if self.learns:
            self.ranker.answered(Answer((person,), self.platform, at_s, items, [each.sources for each in found]))
            if wanted in items:
                self.ranker.feedback([Feedback((person,), wanted, "clicked", at_s + 5.0, 0.5)])
        return wanted in items

    def _wanted(self, content: dict[str, float]) -> str:
        """Of the items near and of those that run hot, drawn by how much the reason says for each."""
        offered = sorted({*content, *self._keys[:N_HOT]})
        pull = {
            "closeness": np.array([content.get(key, 0.0) for key in offered]),
            "crowd": np.array([self._hot[int(key.partition(":")[2])] for key in offered]),
            "chance": np.zeros(len(offered)),
        }[self.reason]
        chances = np.exp(DECIDED * pull)
        return str(self._random.choice(offered, p=chances / chances.sum()))
