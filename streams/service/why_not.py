"""The why-not use case: why an item is recommended to a person, or which filter keeps it out.

It asks the recommender itself and remembers nothing: who looks here is not the person, so nothing is learnt from it.
The filters are looked at in the order in which the recommender applies them, and the first one that holds is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
import numpy as np

from streams.domain import ranking
from streams.domain.item_entries import ItemEntry, all_numbers_of
from streams.domain.permissions import why_nothing_personal
from streams.domain.profiles import ProfileRecord, RecentEvent
from streams.domain.ranking import ScoreWeights
from streams.ports import Vectors
from streams.ranking.feedback import Answer
from streams.ranking.live import Question, Scored
from streams.service.item_reasons import reasons_for
from streams.service.recommend import BehaviourRanker, Recommender
from streams.service.recommendations import MAX_K, Ask, Reason, Recommendations, Recommended
from streams.service.tastes import Taste

#: Nearest items that are looked at for what was removed, and how many of these are told.
LOOKED_AT: Final = 60
MAX_REMOVED: Final = 10
#: Five parts, each rounded at the sixth digit.
ROUNDING: Final = 1e-5

Verdict = Literal[
    "recommended", "unknown_item", "not_personalised", "nothing_to_compare", "other_platform", "other_category",
    "seen", "blocked_tag", "no_vector", "diversity", "below_the_cut", "not_among_candidates",
]  # fmt: skip


class ScorePart(msgspec.Struct, frozen=True):
    """What one group of signals adds to a score."""

    name: str
    value: float


class WhyItem(msgspec.Struct, frozen=True):
    """Why an item is in an answer, or not.

    verdict: `recommended`, or the filter that removed it. detail: what the filter went by, as data (a tag, a platform,
    the key of the item that it is too much like); empty where there is nothing. rank: its place without diversity,
    from 1, None where it has none within the first MAX_K. score, cut: its score, and that of the last item shown.
    parts: what makes the score; they add up to it where `adds_up`, up to rounding at the sixth digit. event: the
    event by which it was seen.
    """

    key: str
    title: str
    platform: str
    category: str
    verdict: Verdict
    detail: str = ""
    rank: int | None = None
    score: float | None = None
    cut: float | None = None
    parts: list[ScorePart] = []
    adds_up: bool = True
    reason: Reason | None = None
    event: RecentEvent | None = None


@dataclass(frozen=True)
class _Quiet:
    """A ranker that remembers nothing of what it answered here."""

    ranker: BehaviourRanker

    def rank(self, question: Question, n: int) -> list[Scored]:
        return self.ranker.rank(question, n)

    def weighed(self, platform: str, ranked: Sequence[Scored], content: Sequence[float]) -> list[Scored]:
        return self.ranker.weighed(platform, ranked, content)

    def explained(self, platform: str, shown: Sequence[Scored]) -> list[Mapping[str, float]]:
        return self.ranker.explained(platform, shown)

    def answered(self, answer: Answer) -> None:
        """Nobody was shown it."""


def quiet(recommender: Recommender) -> Recommender:
    """The same recommender, which remembers nothing of what it answers: for whoever asks on nobody's behalf."""
    behaviour = recommender.behaviour
    return recommender if behaviour is None else replace(recommender, behaviour=_Quiet(behaviour))


@dataclass(frozen=True)
class WhyNot:
    """Any number of threads may call it; tens of milliseconds."""

    recommender: Recommender

    def answer(self, profile: ProfileRecord, ask: Ask, now_s: float) -> Recommendations:
        """What the person would be answered now; nothing is remembered of it."""
        return self._quiet.recommend(profile.profile_id, profile, ask, now_s)

    def why(self, profile: ProfileRecord, key: str, ask: Ask, now_s: float) -> WhyItem:
        """Of an item by its key, `<platform>:<item_id>`."""
        asked = msgspec.structs.replace(ask, explain=True)
        (entry,) = self.recommender.items.entries_of([key])
        answer = self.answer(profile, asked, now_s)
        taste = self.recommender.tastes.read(profile)
        wide = msgspec.structs.replace(asked, k=MAX_K, diversity=0.0)
        case = _Case(profile, taste, ask, answer, self.answer(profile, wide, now_s))
        found = self._judged(case, key, entry)
        is_chosen_for = answer.personalised and not answer.cold_start
        return self._with_parts(case, found, entry) if is_chosen_for and entry is not None else found

    def removed(self, profile: ProfileRecord, ask: Ask, answer: Recommendations, now_s: float) -> list[WhyItem]:
        """Items among the nearest to the person that a filter keeps out of an answer, nearest first."""
        taste = self.recommender.tastes.read(profile)
        if not answer.personalised or not len(taste.queries):
            return []
        index = self.recommender.index
        lists = index.search(taste.queries, LOOKED_AT, platform=ask.platform, category=ask.category)
        near: dict[str, float] = {}
        for strength, found in zip(taste.strengths.tolist(), lists, strict=True):
            for each in found:
                near[each.key] = max(near.get(each.key, -1.0), strength * each.score)
        keys = sorted(near, key=lambda key: (-near[key], key))[:LOOKED_AT]
        wide = self.answer(profile, msgspec.structs.replace(ask, k=MAX_K, diversity=0.0, explain=False), now_s)
        case = _Case(profile, taste, ask, answer, wide)
        judged = [
            self._judged(case, key, entry)
            for key, entry in zip(keys, self.recommender.items.entries_of(keys), strict=True)
        ]
        kept_out = {"seen", "blocked_tag", "diversity"}
        return [each for each in judged if each.verdict in kept_out][:MAX_REMOVED]

    @property
    def _quiet(self) -> Recommender:
        return quiet(self.recommender)

    def _judged(self, case: _Case, key: str, entry: ItemEntry | None) -> WhyItem:
        """The verdict; of what is shown or ranked also place and score."""
        if entry is None:
            return WhyItem(key, "", key.partition(":")[0], "", "unknown_item")
        item = WhyItem(key, entry.item.title, entry.platform, entry.item.category, "recommended", cut=case.cut)
        shown, ranked, change = case.shown.get(key), case.ranked.get(key), msgspec.structs.replace
        if shown is not None:
            return change(_ranked(item, shown, case), reason=shown.reason)
        filtered = next(self._filters(case, key, entry), None)
        if filtered is not None:
            seen_by = [event for event in case.profile.recent if event.item == key and filtered[0] == "seen"]
            return change(item, verdict=filtered[0], detail=filtered[1], event=seen_by[0] if seen_by else None)
        if ranked is None:
            return change(item, verdict="not_among_candidates")
        placed = _ranked(item, ranked, case)
        if case.ask.diversity > 0.0 and case.rank_of[key] <= case.ask.k:
            return change(placed, verdict="diversity", detail=self._nearest(key, list(case.shown)))
        return change(placed, verdict="below_the_cut")

    def _filters(self, case: _Case, key: str, entry: ItemEntry) -> Iterator[tuple[Verdict, str]]:
        """Every filter that keeps the item out, in order, with what it goes by."""
        profile, ask = case.profile, case.ask
        refusal = why_nothing_personal(profile, self.recommender.recommend_default)
        if refusal:
            yield "not_personalised", refusal
        if ask.platform not in {None, entry.platform}:
            yield "other_platform", entry.platform
        if ask.category not in {None, entry.item.category}:
            yield "other_category", entry.item.category
        if key in case.taste.seen:
            yield "seen", ""
        for tag in entry.tags:
            if tag in profile.blocked_tags:
                yield "blocked_tag", tag
        if not len(case.taste.queries):
            yield "nothing_to_compare", ""
        if key not in self.recommender.index and key not in case.ranked:
            yield "no_vector", ""

    def _nearest(self, key: str, shown: list[str]) -> str:
        """Of the items that are shown the one most like it."""
        keys, vectors = self.recommender.index.vectors_of(shown)
        _, own = self.recommender.index.vectors_of([key])
        if not keys or not len(own):
            return ""
        return keys[int(np.argmax(ranking.cosines_of(own, vectors)[0]))]

    def _with_parts(self, case: _Case, found: WhyItem, entry: ItemEntry) -> WhyItem:
        """With the parts of its content score, which is a sum; there is none of an item without a vector."""
        keys, vectors = self.recommender.index.vectors_of([found.key])
        if not keys or found.parts:
            return found
        parts, label = self._content(case.profile, case.taste, entry, vectors)
        score = sum(part.value for part in parts)
        is_content = found.score is None or abs(found.score - score) < ROUNDING
        (reason,) = reasons_for([(label, entry)], vectors, case.taste, case.profile.tags)
        return msgspec.structs.replace(
            found,
            score=round(score, 6) if found.score is None else found.score,
            # A content score and one of the network are not comparable.
            cut=None if found.score is None and case.is_learnt else found.cut,
            parts=parts if is_content else [],
            adds_up=is_content,
            reason=found.reason or reason,
        )

    def _content(
        self, profile: ProfileRecord, taste: Taste, entry: ItemEntry, vectors: Vectors
    ) -> tuple[list[ScorePart], str]:
        """(the parts of the content score, the interest that is closest). vectors: float32 (1, D)."""
        weights = self.recommender.weights
        close = ranking.closeness(ranking.cosines_of(taste.queries, vectors), weights.background)
        interest, best = ranking.interest_scores(close, taste.strengths)
        dislike = self.recommender.dislike_of(taste, vectors)
        facts = self.recommender.facts_of(
            profile, taste, [f"{entry.platform}:{entry.item.item_id}"], all_numbers_of([entry])
        )
        names = ("interest", "freshness", "popularity", "price", "dislike")
        parts = [
            ScorePart(name, float(ranking.total_scores(interest, dislike, facts, _only(weights, name))[0]))
            for name in names
        ]
        return parts, taste.labels[int(best[0])]


class _Case:
    """One answer and what it would be without cut and diversity."""

    def __init__(
        self, profile: ProfileRecord, taste: Taste, ask: Ask, answer: Recommendations, wide: Recommendations
    ) -> None:
        self.profile, self.taste, self.ask = profile, taste, ask
        self.shown = {item.key: item for item in answer.items}
        self.ranked = {item.key: item for item in wide.items}
        self.rank_of = {item.key: place for place, item in enumerate(wide.items, 1)}
        self.cut = answer.items[-1].score if answer.items else None
        self.is_learnt = any(item.reason is not None and item.reason.signals for item in answer.items)


def _ranked(item: WhyItem, found: Recommended, case: _Case) -> WhyItem:
    signals = {} if found.reason is None else found.reason.signals
    return msgspec.structs.replace(
        item,
        rank=case.rank_of.get(item.key),
        score=found.score,
        parts=[ScorePart(name, value) for name, value in sorted(signals.items(), key=lambda each: -abs(each[1]))],
        adds_up=not signals,
    )


def _only(weights: ScoreWeights, name: str) -> ScoreWeights:
    """The weights with one part left, by which the score is that part."""
    others = {part: 0.0 for part in ("interest", "freshness", "popularity", "price", "dislike") if part != name}
    return replace(weights, **others)
