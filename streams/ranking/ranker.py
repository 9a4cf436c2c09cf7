"""From one person and one platform to ranked items: candidates, features, re-ranker. By row; `LiveRanker` has the keys.

Not for two threads at once: the workspaces are shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking.behaviour import BehaviourLog
from streams.ranking.candidates import About, CandidateFinder
from streams.ranking.ensemble import Ensemble
from streams.ranking.features import FEATURES, feature_table
from streams.ranking.neighbours import Ask
from streams.ranking.reranker import Reranker
from streams.ranking.state import Ints

Floats = NDArray[np.float32]

#: Columns by what they say, for explanations; the words are for people.
SIGNAL_GROUPS: Final = {
    "what many take to now": ("heat", "followed", "touches", "rise", "place_now", "rank_heat", "rank_followed"),
    "how new it is": ("burst_days", "age_days", "idle_days", "third_last", "tenth_last"),
    "what suits how this person chooses": ("fit_", "takers_follow", "takers_active", "person_"),
    "people who took to the same things took to it": ("co_visit", "transition", "sources", "rank_co_visit"),
    "people alike took to it lately": ("neighbour", "cohort", "takers_near", "share_of_takers", "rank_neighbours"),
    "words of its title": ("words", "has_title", "rank_words"),
}


@dataclass(frozen=True)
class RankingRules:
    """sources: latest items of the person that are walked from. window_days: of a co-visit."""

    sources: int = 30
    window_days: float = 60.0


@dataclass(frozen=True)
class Ranked:
    """Items of one request, best first: rows (N,), scores float32 (N,), features float32 (N, F) in the same order."""

    rows: Ints
    scores: Floats
    features: Floats


@dataclass
class Ranker:
    """rerankers: several are averaged; none: by decayed popularity, which needs no learning."""

    log: BehaviourLog
    finder: CandidateFinder
    rerankers: tuple[Reranker, ...] = ()
    rules: RankingRules = field(default_factory=RankingRules)
    has_shared_clock: bool = True
    _together: Ensemble | None = field(default=None, repr=False)

    def ask(self, user: int, platform: int, now_s: float) -> Ask:
        """The request that the compiled loops take."""
        window_days = self.rules.window_days if self.has_shared_clock else np.inf
        return Ask(user, platform, now_s, self.rules.sources, window_days, self.has_shared_clock)

    def describe(self, ask: Ask, about: About, only_with: int | None = None) -> tuple[Ints, Floats]:
        """(candidates (N,), their features (N, F)) as of what was observed so far.

        only_with: a row without which they are not worth describing; no candidates then.
        """
        candidates, scratch = self.finder.find(self.log.state, ask, about)
        if only_with is not None and only_with not in candidates.rows:
            return candidates.rows[:0], np.zeros((0, len(FEATURES)), np.float32)
        features = feature_table(self.log.state, scratch, ask, candidates)
        if not ask.has_shared_clock:
            features[:, _NEEDS_CLOCK] = 0.0
        return candidates.rows, features

    def rank(self, ask: Ask, about: About) -> Ranked:
        """Best first; of equal scores the lower row."""
        rows, features = self.describe(ask, about)
        scores = self.score(features)
        order = np.argsort(-scores, kind="stable")
        return Ranked(rows[order], scores[order], features[order])

    def score(self, features: Floats) -> Floats:
        """float32 (N,), comparable within the request."""
        if not self.rerankers:
            return features[:, _HEAT_7D] + np.float32(1e-3) * features[:, _HEAT_2D]
        return self._ensemble().score(features)

    def contributions(self, features: Floats) -> dict[str, Floats]:
        """What each group of signals adds to the score of each candidate (N,); contribution, not cause."""
        if not self.rerankers:
            return {}
        return dict(zip(SIGNAL_GROUPS, self._ensemble().contributions(features, _GROUPS).T, strict=True))

    def _ensemble(self) -> Ensemble:
        """Of the present re-rankers, which may be exchanged between two requests."""
        if self._together is None or self._together.members is not self.rerankers:
            self._together = Ensemble.of(self.rerankers)
        return self._together


_HEAT_7D: Final = FEATURES.index("heat_7d")
_HEAT_2D: Final = FEATURES.index("heat_2d")
#: What compares times of different people.
_CLOCKED: Final = (
    *(
        "heat",
        "followed",
        "touches_",
        "burst",
        "age_days",
        "idle",
        "third",
        "tenth",
        "rise",
        "takers_follow",
        "place_now",
    ),
    *("person_heat", "person_burst", "person_age", "fit_heat", "fit_burst", "fit_age", "fit_takers", "fit_followed"),
    *("rank_heat", "rank_followed"),
)


def _columns(prefixes: Sequence[str]) -> NDArray[np.intp]:
    return np.array([at for at, name in enumerate(FEATURES) if name.startswith(tuple(prefixes))])


_NEEDS_CLOCK: Final = _columns(_CLOCKED)
_GROUPS: Final = [_columns(prefixes) for prefixes in SIGNAL_GROUPS.values()]
