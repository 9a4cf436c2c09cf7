"""The recommend use case: from a profile to items it has not seen, best first, on any platform.

Candidates come from one search per interest and horizon, scored by `streams.domain.ranking`; where behaviour is kept,
those that it adds come too, and the learnt re-ranker orders all of them (`streams.ranking.live`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.domain import ranking
from streams.domain.item_entries import ItemEntry, ItemNumbers
from streams.domain.permissions import why_nothing_personal
from streams.domain.profiles import ProfileRecord
from streams.domain.ranking import Facts, Scores, ScoreWeights
from streams.ports import NeighbourIndex, Vectors
from streams.ranking.feedback import Answer
from streams.ranking.live import Question, Scored
from streams.service.item_reasons import reasons_for
from streams.service.popular_now import PopularNow
from streams.service.recommendations import Ask, Reason, Recommendations, Recommended
from streams.service.tastes import Items, Taste, TasteReader, carries

#: Candidates a query brings: enough for k, for diversity to choose from, and for the other parts of a score to count.
MIN_CANDIDATES: Final = 40
CANDIDATES_PER_K: Final = 3
#: Re-ranked candidates beyond those that diversity chooses among, because some may have left the catalogue; where a
#: filter takes more of them away, so many are looked through.
SPARE: Final = 10
RANKED: Final = 200
#: What MMR chooses among, by score.
CHOICE_PER_K: Final = 5


@dataclass(frozen=True)
class _Near:
    """What the index brings, in the order of (-score, key).

    vectors: float32 (N, D). best: the query that is closest to each (N,).
    """

    keys: list[str]
    vectors: Vectors
    scores: Scores
    best: NDArray[np.intp]


@dataclass(frozen=True)
class _Candidates:
    """What is chosen among, best first. vectors: float32 (N, D). best: the query that is closest to each (N,).

    relevance: what diversity is weighed against (N,), in [0, 1], falling as the scores do.
    scored: what the re-ranker said of each; empty where content alone decided.
    """

    keys: list[str]
    entries: list[ItemEntry]
    vectors: Vectors
    scores: Scores
    relevance: Scores
    best: list[int]
    scored: list[Scored] = field(default_factory=list)


class BehaviourRanker(Protocol):
    """`ranking.live.LiveRanker`; milliseconds a request."""

    def rank(self, question: Question, n: int) -> list[Scored]:
        """At most n items, best first; none on a platform where nobody was seen."""

    def weighed(self, platform: str, ranked: Sequence[Scored], content: Sequence[float]) -> list[Scored]:
        """The same, best first, with the content score of each."""

    def explained(self, platform: str, shown: Sequence[Scored]) -> list[Mapping[str, float]]:
        """What each group of signals adds to the score of each."""

    def answered(self, answer: Answer) -> None:
        """Remember what of it was handed out, for feedback to meet."""


@dataclass(frozen=True)
class Recommender:
    """Any number of threads may call it.

    recommend_default: what holds while nobody said anything about the purpose. behaviour: re-ranks by what others did;
    None leaves it to content.
    """

    index: NeighbourIndex
    items: Items
    tastes: TasteReader
    popular: PopularNow
    weights: ScoreWeights = field(default_factory=ScoreWeights)
    recommend_default: bool = True
    behaviour: BehaviourRanker | None = None

    def recommend(self, profile_id: str, profile: ProfileRecord | None, ask: Ask, now_s: float) -> Recommendations:
        """At most `ask.k` items, best first. profile: None when nothing is known of the person."""
        if profile is None:
            items, words = self.popular.choose(ask, frozenset(), now_s)
            return Recommendations(profile_id, 0, True, f"{words}: nothing is known of this person yet", items)
        refusal = why_nothing_personal(profile, self.recommend_default)
        if refusal:
            items, words = self.popular.choose(ask, frozenset(), now_s)
            return Recommendations(profile_id, profile.revision, True, f"{words}: {refusal}", items, personalised=False)
        taste = self.tastes.read(profile)
        if not len(taste.queries):
            items, words = self.popular.choose(ask, taste.seen, now_s)
            why = "the profile holds nothing yet that items can be compared with"
            return Recommendations(profile_id, profile.revision, True, f"{words}: {why}", items)
        found = self._ranked(self._near(profile, taste, ask), profile, taste, ask, now_s)
        chosen = ranking.diverse_choice(found.relevance, found.vectors, ask.k, ask.diversity, self.weights.background)
        n_interests = len(taste.interests)
        basis = f"{n_interests} interest{'s' * (n_interests != 1)} and the recent and lasting averages of the profile"
        items = self._described(found, chosen, profile, taste, ask)
        self._remember(found, chosen, profile, ask, now_s)
        return Recommendations(profile_id, profile.revision, False, basis, items)

    def _remember(self, found: _Candidates, chosen: list[int], profile: ProfileRecord, ask: Ask, now_s: float) -> None:
        """What behaviour had no part in teaches nothing about it."""
        if self.behaviour is None or ask.platform is None or not found.scored:
            return
        accounts = [account.account for account in profile.identity.accounts]
        keys, sources = [found.keys[at] for at in chosen], [found.scored[at].sources for at in chosen]
        self.behaviour.answered(Answer(accounts, ask.platform, now_s, keys, sources))

    def _near(self, profile: ProfileRecord, taste: Taste, ask: Ask) -> _Near:
        n = max(CANDIDATES_PER_K * ask.k, MIN_CANDIDATES)
        keys, vectors = self.index.around(
            taste.queries, n, platform=ask.platform, category=ask.category, exclude=taste.seen
        )
        numbers = self.items.numbers_of(keys)
        # An item that was deleted while we searched is not known any more.
        present = np.flatnonzero(numbers.is_known & ~self._blocked(keys, profile))
        keys, vectors = [keys[at] for at in present.tolist()], vectors[present]
        if not keys:
            return _Near([], vectors, np.zeros(0), np.zeros(0, np.intp))
        scores, best = self._content_of(keys, vectors, numbers.only(present), profile, taste)
        order = np.argsort(-scores, kind="stable")  # the keys are sorted
        return _Near([keys[at] for at in order.tolist()], vectors[order], scores[order], best[order])

    def _blocked(self, keys: Sequence[str], profile: ProfileRecord) -> NDArray[np.bool_]:
        """Which of the items (N,) have a tag that the person wants nothing of."""
        blocked = frozenset(profile.blocked_tags)
        if not blocked:
            return np.zeros(len(keys), np.bool_)
        entries = self.items.entries_of(keys)
        return np.array([entry is not None and carries(entry, blocked) for entry in entries], np.bool_)

    def _ranked(self, near: _Near, profile: ProfileRecord, taste: Taste, ask: Ask, now_s: float) -> _Candidates:
        """These and those that others' behaviour adds, by the learnt re-ranker; by content without one.

        On all platforms at once content alone decides: what is popular on one is not comparable with another.
        """
        if self.behaviour is None or ask.platform is None:
            return self._by_content(near, ask)
        accounts = [account.account for account in profile.identity.accounts]
        content = dict(zip(near.keys, near.scores.tolist(), strict=True))
        question = Question(accounts, ask.platform, now_s, taste.seen, content)
        kept: list[tuple[Scored, ItemEntry]] = []
        for n in (_n_choice(ask) + SPARE, RANKED):
            scored = self.behaviour.rank(question, n)
            kept = self._fitting(scored, frozenset(profile.blocked_tags), ask)
            if len(kept) >= _n_choice(ask) or len(scored) < n:
                break
        if not kept:
            return self._by_content(near, ask)
        return self._weighed(kept, near, profile, taste, ask)

    def _weighed(
        self, kept: Sequence[tuple[Scored, ItemEntry]], near: _Near, profile: ProfileRecord, taste: Taste, ask: Ask
    ) -> _Candidates:
        """What may be shown, with what content says of all of it and not only of what content found."""
        assert self.behaviour is not None, "somebody ranked them"
        assert ask.platform is not None, "on a platform"
        keys = [each.item for each, _ in kept]
        vectors = self._vectors_of(keys)
        found = {key: at for at, key in enumerate(near.keys)}
        at_near = np.array([found.get(key, -1) for key in keys])
        content, nearest = np.zeros(len(keys)), np.zeros(len(keys), np.intp)
        scored = at_near >= 0  # by content, when it found them
        content[scored], nearest[scored] = near.scores[at_near[scored]], near.best[at_near[scored]]
        others = np.flatnonzero(~scored)
        if len(others):
            named = [keys[at] for at in others.tolist()]
            numbers = self.items.numbers_of(named)
            content[others], nearest[others] = self._content_of(named, vectors[others], numbers, profile, taste)
        best = self.behaviour.weighed(ask.platform, [each for each, _ in kept], content.tolist())[: _n_choice(ask)]
        place = {key: at for at, key in enumerate(keys)}
        order = [place[each.item] for each in best]
        scores = np.array([each.score for each in best])
        return _Candidates(
            [each.item for each in best],
            [kept[at][1] for at in order],
            vectors[order],
            np.round(1.0 / (1.0 + np.exp(-scores)), 6),
            ranking.within_range(scores),
            nearest[order].tolist(),
            best,
        )

    def _content_of(
        self, keys: list[str], vectors: Vectors, numbers: ItemNumbers, profile: ProfileRecord, taste: Taste
    ) -> tuple[Scores, NDArray[np.intp]]:
        """(scores (N,), the query that each is closest to by strength (N,)) of items with vectors (N, D)."""
        close = ranking.closeness(ranking.cosines_of(taste.queries, vectors), self.weights.background)  # (Q, N)
        interest, nearest = ranking.interest_scores(close, taste.strengths)
        facts = self.facts_of(profile, taste, keys, numbers)
        return ranking.total_scores(interest, self.dislike_of(taste, vectors), facts, self.weights), nearest

    def _by_content(self, near: _Near, ask: Ask) -> _Candidates:
        entries = self.items.entries_of(near.keys)
        known = [(at, entry) for at, entry in enumerate(entries) if entry is not None][: _n_choice(ask)]
        rows = [at for at, _ in known]
        return _Candidates(
            [near.keys[at] for at in rows],
            [entry for _, entry in known],
            near.vectors[rows],
            near.scores[rows],
            near.scores[rows],
            near.best[rows].tolist(),
        )

    def _fitting(self, scored: Sequence[Scored], blocked: frozenset[str], ask: Ask) -> list[tuple[Scored, ItemEntry]]:
        """Those that may be shown, with their entries."""
        entries = self.items.entries_of([each.item for each in scored])
        return [
            (each, entry)
            for each, entry in zip(scored, entries, strict=True)
            if entry is not None
            and ask.category in {None, entry.item.category}
            and not (blocked and carries(entry, blocked))
        ]

    def _vectors_of(self, keys: list[str]) -> Vectors:
        """float32 (N, D), a zero row for an item that the index lacks."""
        found, rows = self.index.vectors_of(keys)
        vectors = np.zeros((len(keys), self.index.dim), np.float32)
        place = {key: at for at, key in enumerate(keys)}
        vectors[[place[key] for key in found]] = rows
        return vectors

    def dislike_of(self, taste: Taste, vectors: Vectors) -> Scores:
        """How close each of the vectors (N, D) is to what the person dislikes (N,), in [0, 1]."""
        if not len(taste.disliked):
            return np.zeros(len(vectors))
        cosines = ranking.cosines_of(taste.disliked, vectors).max(axis=0)
        return ranking.closeness(cosines, self.weights.background)

    def facts_of(self, profile: ProfileRecord, taste: Taste, keys: list[str], numbers: ItemNumbers) -> Facts:
        """What is known of items beside their vectors, as of the profile's latest event."""
        gaps = np.full(len(keys), np.nan)
        if taste.usual_log_price is not None:
            is_priced = numbers.prices > 0.0
            gaps[is_priced] = np.abs(np.log(numbers.prices[is_priced]) - taste.usual_log_price)
        return Facts(
            ages_s=profile.as_of - numbers.updated_at_s,
            popularity=self.popular.popularity.weights(keys, profile.as_of),
            price_gaps=gaps,
        )

    def _described(
        self, found: _Candidates, chosen: list[int], profile: ProfileRecord, taste: Taste, ask: Ask
    ) -> list[Recommended]:
        reasons: list[Reason] | list[None] = [None] * len(chosen)
        if ask.explain:
            shown = [(taste.labels[found.best[at]], found.entries[at]) for at in chosen]
            reasons = reasons_for(shown, found.vectors[chosen], taste, profile.tags)
            if found.scored and self.behaviour is not None and ask.platform is not None:
                parts = self.behaviour.explained(ask.platform, [found.scored[at] for at in chosen])
                reasons = [
                    msgspec.structs.replace(reason, signals=dict(signals))
                    for reason, signals in zip(reasons, parts, strict=True)
                ]
        items = []
        for at, reason in zip(chosen, reasons, strict=True):
            entry, score = found.entries[at], float(found.scores[at])
            item = entry.item
            items.append(
                Recommended(found.keys[at], entry.platform, item.item_id, item.title, item.category, score, reason)
            )
        return items


def _n_choice(ask: Ask) -> int:
    """How many are chosen among."""
    return max(CHOICE_PER_K * ask.k, MIN_CANDIDATES)
