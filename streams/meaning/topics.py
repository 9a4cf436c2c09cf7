"""What texts are about: topics of the taxonomy, without a training set.

Two kinds of evidence for a topic: how much closer the text's vector is to the topic's phrases than the phrases of other
topics are (in standard deviations), and the topic's words in the text. How much closeness counts is measured on the
encoder itself when the finder is made: the share of phrases that are closest to another phrase of their own topic, by
language, above chance. So an encoder that knows no Chinese, or no meaning at all, hardly moves a topic.

N texts, P phrases, T topics, D dimensions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log1p
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from streams.domain.readings import TopicHit
from streams.domain.sensitive import SensitiveTags
from streams.meaning.names import NameIndex, Units, is_han, units_of
from streams.meaning.taxonomy import Taxonomy, TopicSpec

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
Language = Literal["en", "zh"]

MAX_TOPICS: Final = 3
#: From this share of Han characters on, a text is Chinese.
HAN_SHARE: Final = 0.25
LONG_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class TopicRules:
    """The odds of a topic, a logit: `closeness`·trust·z + `words`·ln(1 + weight of its words) - `doubt`
    - `length`·ln(1 + n/200), n characters, since in a long text one word says less.

    Chosen on the first half of the labelled sets that docs/meaning.md names, never on the half that is reported.
    min_share: of the strongest topic's odds, below which another one is left out.
    """

    closeness: float = 1.6
    words: float = 3.0
    doubt: float = 1.9
    length: float = 0.4
    min_share: float = 0.8


@dataclass(frozen=True, slots=True)
class Phrases:
    """An encoder's view of the taxonomy. vectors: (P, D), owners: topic number of each. mean, deviation: (T,), of the
    closeness of other topics' phrases. trust: by language, 0 to 1.
    """

    vectors: Vectors
    owners: NDArray[np.intp]
    mean: Vectors
    deviation: Vectors
    trust: dict[Language, float]


class TopicFinder:
    """Finds at most three topics a text. Immutable; safe from several threads."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        encode: Encode | None = None,
        *,
        rules: TopicRules | None = None,
        sensitive: SensitiveTags | None = None,
    ) -> None:
        """encode: texts to float32 unit rows (B, D), called once; None: topics by words alone.

        sensitive: names that no topic may bear; such topics are never found.
        """
        topics = taxonomy.found()
        if sensitive is not None:
            topics = tuple(topic for topic in topics if not any(map(sensitive.says, (topic.id, topic.en, topic.zh))))
        self._topics = topics
        self._rules = rules or TopicRules()
        self._words = NameIndex[tuple[int, float]]()
        n_owners = Counter(word for topic in topics for word in dict.fromkeys(topic.words))
        for number, topic in enumerate(topics):
            for word in dict.fromkeys(topic.words):
                self._words.add(word, (number, 1.0 / n_owners[word]))
        self._phrases = None if encode is None else phrases_of(topics, encode)

    @property
    def trust(self) -> dict[Language, float]:
        """How much the encoder's closeness counts, by language; empty without an encoder."""
        return {} if self._phrases is None else dict(self._phrases.trust)

    def find(
        self, folded: Sequence[str], vectors: Vectors | None = None, units: Sequence[Units] | None = None
    ) -> list[tuple[TopicHit, ...]]:
        """Topics of each text, strongest first. folded: `names.fold` of the texts; units: `names.units_of` those.
        vectors: (N, D) of the encoder; a zero row says nothing.
        """
        has_vectors = vectors is not None and self._phrases is not None and len(folded) > 0
        closeness = self._closeness(vectors) if has_vectors and vectors is not None else None
        return [
            self._hits(
                text, units_of(text) if units is None else units[row], None if closeness is None else closeness[row]
            )
            for row, text in enumerate(folded)
        ]

    def _closeness(self, vectors: Vectors) -> Vectors:
        """Standard deviations above what is usual for a topic: (N, T), zero for a zero row and where below."""
        assert self._phrases is not None
        similar = vectors @ self._phrases.vectors.T  # (N, P)
        best = _best(similar, self._phrases.owners)
        above = np.maximum((best - self._phrases.mean) / self._phrases.deviation, 0.0)
        above[~vectors.any(axis=1)] = 0.0
        closeness: Vectors = above.astype(np.float32)
        return closeness

    def _hits(self, text: str, units: Units, closeness: Vectors | None) -> tuple[TopicHit, ...]:
        rules = self._rules
        doubt = rules.doubt + rules.length * log1p(len(text) / LONG_CHARS)
        weights = self._weights(text, units)
        odds = {number: rules.words * log1p(weight) for number, weight in weights.items()}
        if closeness is not None and text:
            assert self._phrases is not None
            scale = rules.closeness * self._phrases.trust[language_of(text)]
            for number in np.flatnonzero(closeness * scale > doubt):
                odds.setdefault(int(number), 0.0)
            odds = {number: odd + scale * float(closeness[number]) for number, odd in odds.items()}
        held = [(odd, number) for number, odd in odds.items() if odd > doubt]
        if not held:
            return ()
        held.sort(key=lambda each: (-each[0], each[1]))
        least = rules.min_share * held[0][0]
        return tuple(
            TopicHit(self._topics[number].id, 1.0 / (1.0 + exp(doubt - odd)))
            for odd, number in held[:MAX_TOPICS]
            if odd >= least
        )

    def _weights(self, text: str, units: Units) -> dict[int, float]:
        """Weight of each topic's words: a word that several topics share counts for each in part, once a text."""
        weights: dict[int, float] = {}
        said: set[str] = set()
        for start, end, senses in self._words.find(text, units):
            word = text[start:end]
            if word in said:
                continue
            said.add(word)
            for number, weight in senses:
                weights[number] = weights.get(number, 0.0) + weight
        return weights


def language_of(text: str) -> Language:
    """Chinese from a quarter of Han characters on."""
    if text.isascii():
        return "en"
    return "zh" if sum(map(is_han, text)) >= HAN_SHARE * len(text) else "en"


def phrases_of(topics: Sequence[TopicSpec], encode: Encode) -> Phrases:
    """Encode every phrase once and learn what is usual. Raises ValueError for vectors of another number."""
    texts = [text for topic in topics for text in (*topic.like_en, *topic.like_zh)]
    owners = np.array(
        [number for number, topic in enumerate(topics) for _ in (*topic.like_en, *topic.like_zh)], np.intp
    )
    is_zh = np.array(
        [is_zh for topic in topics for is_zh in (False,) * len(topic.like_en) + (True,) * len(topic.like_zh)]
    )
    vectors = np.asarray(encode(texts), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ValueError(f"encode gave vectors of shape {vectors.shape} for {len(texts)} phrases")
    similar = vectors @ vectors.T  # (P, P)
    best = _best(similar, owners)  # (P, T)
    mean, deviation = np.empty(len(topics), np.float32), np.empty(len(topics), np.float32)
    for number in range(len(topics)):
        others = best[owners != number, number]
        mean[number], deviation[number] = others.mean(), max(float(others.std()), 1e-3)
    trust: dict[Language, float] = {
        "en": _trust(similar, owners, ~is_zh), "zh": _trust(similar, owners, is_zh),
    }  # fmt: skip
    return Phrases(vectors, owners, mean, deviation, trust)


def _best(similar: Vectors, owners: NDArray[np.intp]) -> Vectors:
    """Closeness to the closest phrase of each topic: (N, P) -> (N, T). Phrases lie topic by topic."""
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    best: Vectors = np.maximum.reduceat(similar, starts, axis=1)
    return best


def _trust(similar: Vectors, owners: NDArray[np.intp], mine: NDArray[np.bool_]) -> float:
    """Share of these phrases whose closest other one is of their own topic, above chance; 0 to 1."""
    if mine.sum() < 2:
        return 0.0
    among = similar[np.ix_(mine, mine)].copy()
    np.fill_diagonal(among, -np.inf)
    own = owners[mine]
    right = float((own[among.argmax(axis=1)] == own).mean())
    chance = float(np.mean([(own == owner).sum() - 1 for owner in own])) / (len(own) - 1)
    return max(0.0, (right - chance) / (1.0 - chance)) if chance < 1.0 else 0.0
