"""What texts say, a batch at a time: sentiment, what they name and how they feel about it, what they are about."""

from __future__ import annotations

from collections.abc import Sequence

from streams.domain.events import Item
from streams.domain.masking import without_tokens
from streams.domain.readings import Mention, Reading, TopicHit
from streams.domain.sensitive import SensitiveTags
from streams.meaning.aspects import Score, with_feelings
from streams.meaning.clauses import Clause, clauses_of
from streams.meaning.entities import EntityFinder
from streams.meaning.names import Units, fold, units_of
from streams.meaning.topics import TopicFinder, Vectors

__all__ = ["Mention", "Reader", "Reading", "TopicHit"]


class Reader:
    """Reads texts. Immutable."""

    def __init__(
        self, entities: EntityFinder, topics: TopicFinder, score: Score, sensitive: SensitiveTags | None = None
    ) -> None:
        """score: sentiment, see `aspects.Score`; it gets the vectors of whole texts, and none for clauses.

        sensitive: names that are never given out, whoever said them.
        """
        self.entities = entities
        self._topics = topics
        self._score = score
        self._sensitive = sensitive

    def read(
        self, texts: Sequence[str], items: Sequence[Item | None] | None = None, vectors: Vectors | None = None
    ) -> list[Reading]:
        """A reading for each text (N,), in order; a batch gives what its texts give one by one.

        What was masked in them says nothing: nobody wrote about a phone who left a number.
        items: what each text is about, whose names are believed. vectors: float32 (N, D) of the encoder that the topics
        were made with; None, or a zero row: topics by words alone. Raises ValueError for other numbers of rows.
        """
        if (items is not None and len(items) != len(texts)) or (vectors is not None and len(vectors) != len(texts)):
            raise ValueError(f"{len(texts)} texts: give as many items and vectors, or None")
        texts = [without_tokens(text) for text in texts]
        folded = [fold(text) for text in texts]
        units = [units_of(text) for text in folded]
        topics = self._topics.find(folded, vectors, units)
        mentions = [
            self._named(text, items[row] if items is not None else None, units[row]) for row, text in enumerate(texts)
        ]
        clauses = [clauses_of(text, named) if named else [] for text, named in zip(texts, mentions, strict=True)]
        wholes = self._scores(texts, vectors)
        parts = self._scores_of_parts(texts, clauses, wholes)
        return [
            Reading(wholes[row], with_feelings(text, mentions[row], clauses[row], parts[row]), topics[row])
            for row, text in enumerate(texts)
        ]

    def _named(self, text: str, item: Item | None, units: Units) -> tuple[Mention, ...]:
        mentions = self.entities.find(text, item, units)
        if self._sensitive is None:
            return mentions
        return tuple(mention for mention in mentions if not self._sensitive.says(mention.name))

    def _scores(self, texts: Sequence[str], vectors: Vectors | None) -> list[float]:
        return [float(score) for score in self._score(texts, vectors)] if texts else []

    def _scores_of_parts(
        self, texts: Sequence[str], clauses: Sequence[Sequence[Clause]], wholes: Sequence[float]
    ) -> list[list[float]]:
        """Sentiment of every clause, with one call; a single clause feels as its text does."""
        told = [
            text[part.start : part.end]
            for text, parts in zip(texts, clauses, strict=True)
            if len(parts) > 1
            for part in parts
        ]
        scores = iter(self._scores(told, None))
        return [
            [next(scores) for _ in parts] if len(parts) > 1 else [whole] * len(parts)
            for parts, whole in zip(clauses, wholes, strict=True)
        ]
