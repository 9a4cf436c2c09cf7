"""How a text feels, in [-1, 1]: Chinese and English, offline, a batch at a time.

The score is 2p - 1, where p holds on texts of kinds that the model never saw: it was calibrated on groups (shop
categories, sets) left out of training. Chinese is read by n-grams of characters, of the whole and of its clauses,
English by words with marks of negation; each, where the vector of an encoder that can read it is at hand, by a small
layer on that, too. A text in both is read by both, each by its share. What the weights know nothing about says
nothing: an empty text, or one in another script, has score 0.

N texts, D dimensions of a vector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from streams.meaning.sentiment_clauses import clauses_of, means_of_clauses, what_clauses_say
from streams.meaning.sentiment_files import load_weights
from streams.meaning.sentiment_ngrams import (
    END,
    GAP,
    HAN,
    LATIN,
    OTHER,
    Characters,
    Rows,
    characters_of,
    han_grams,
    word_grams,
)
from streams.meaning.sentiment_weights import SentimentWeights, said_of

Label = Literal["negative", "neutral", "positive"]
Scores = NDArray[np.float64]
Vectors = NDArray[np.float32]

WEIGHTS: Final = Path(__file__).parent / "weights"
#: One Chinese character says about as much as three letters.
LETTERS_PER_HAN: Final = 3
#: Texts of about this many characters are read at once: what they need stays in the processor's cache.
CHUNK_CHARS: Final = 16_384


class SentimentModel:
    """Meets `Callable[[Sequence[str]], Scores]` by `read`; immutable, any number of threads may call it."""

    __slots__ = ("_weights",)

    def __init__(self, weights: SentimentWeights) -> None:
        self._weights = weights

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> SentimentModel:
        """The packaged weights, or those of another folder that `python -m streams.training.sentiment` wrote.

        Raises:
            Unavailable: the files are missing, damaged or of another version; says which and how to mend it.
        """
        return cls(load_weights(folder))

    @property
    def encoders(self) -> tuple[str, str]:
        """Names of the encoders whose vectors say something here: of Chinese texts, of English ones."""
        return self._weights.han_vector_name, self._weights.vector_name

    @property
    def neutral_band(self) -> float:
        """Scores within plus or minus this are neutral; chosen on reviews of three stars (docs/meaning.md)."""
        return self._weights.neutral_band

    def read(self, texts: Sequence[str], vectors: Vectors | None = None, encoder: str = "") -> Scores:
        """Scores in [-1, 1] (N,), in the order of the texts.

        vectors: float32 (N, D), unit rows of the encoder of this name, a zero row where there is none; those of others
        than `encoders` say nothing. A batch gives what its texts give one by one.
        """
        scores = np.zeros(len(texts))
        for part in _chunks(texts):
            rows = None if vectors is None else vectors[part]
            scores[part] = _scores(
                self._weights,
                texts[part],
                rows if encoder == self._weights.han_vector_name else None,
                rows if encoder == self._weights.vector_name else None,
            )
        return scores

    def labels(self, scores: Scores) -> list[Label]:
        """A word for each score (N,)."""
        return [_label(score, self.neutral_band) for score in scores.tolist()]


@lru_cache(maxsize=1)
def packaged_sentiment() -> SentimentModel:
    """The packaged model, loaded once in a process. Raises Unavailable."""
    return SentimentModel.load()


def _chunks(texts: Sequence[str]) -> Iterator[slice]:
    start, n_chars = 0, 0
    for place, text in enumerate(texts):
        n_chars += len(text)
        if n_chars >= CHUNK_CHARS:
            yield slice(start, place + 1)
            start, n_chars = place + 1, 0
    if start < len(texts):
        yield slice(start, len(texts))


def _scores(
    weights: SentimentWeights, texts: Sequence[str], han_vectors: Vectors | None, word_vectors: Vectors | None
) -> Scores:
    characters = characters_of(texts)
    share_of_han, is_legible = _shares(characters)
    logits = np.zeros(len(texts))
    for_han, for_words = is_legible & (share_of_han > 0), is_legible & (share_of_han < 1)
    if for_han.any():
        of_han = _han_logits(weights, characters.of_texts(for_han), han_vectors)
        logits += np.where(for_han, share_of_han * of_han, 0.0)
    if for_words.any():
        of_words = _word_logits(weights, characters.of_texts(for_words), word_vectors)
        logits += np.where(for_words, (1 - share_of_han) * of_words, 0.0)
    scores: Scores = np.tanh(logits / 2)  # 2p - 1 of p = 1 / (1 + exp(-logit))
    return scores


def _shares(characters: Characters) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How much of each text is Chinese (N,), and whether it says anything in the scripts that were taught (N,).

    A text without letters (666, emoji) is read as Chinese, whose n-grams have every sign in them.
    """
    n_han, n_latin, n_other = (characters.count(kind) for kind in (HAN, LATIN, OTHER))
    weight = LETTERS_PER_HAN * n_han + n_latin
    share_of_han = np.where(weight > 0, LETTERS_PER_HAN * n_han / np.maximum(weight, 1), 1.0)
    n_blank = characters.count(GAP) + characters.count(END)
    is_blank = n_blank == np.bincount(characters.text, minlength=characters.n_texts)
    return share_of_han, (n_han + n_latin >= n_other) & ~is_blank


def _han_logits(weights: SentimentWeights, characters: Characters, vectors: Vectors | None) -> Scores:
    grams = han_grams(characters, weights.han_grams.bits)
    margins, known = weights.han_grams.margins(grams, characters.n_texts)
    of_clause = _clause_margins(weights, characters)
    of_whole, of_clauses = weights.han
    logits = of_whole * margins + of_clauses * means_of_clauses(*of_clause, margins)
    if vectors is not None:
        said = said_of(margins, what_clauses_say(*of_clause, margins), characters.lengths())
        stacked = weights.han_vectors.margins(vectors, said)
        logits = np.where(vectors.any(axis=1), weights.han_and_vector * stacked, logits)
    return np.where(known >= weights.least_known[0], logits, 0.0)


def _clause_margins(weights: SentimentWeights, characters: Characters) -> tuple[Rows, Scores]:
    """Of each clause of the texts that were cut: whose it is (K,), and its margin (K,)."""
    clauses = clauses_of(characters)
    if not len(clauses.text):
        return clauses.text, np.zeros(0)
    grams = han_grams(clauses.characters, weights.han_grams.bits)
    margins, _ = weights.han_grams.margins(grams, clauses.characters.n_texts)
    return clauses.text, margins


def _word_logits(weights: SentimentWeights, characters: Characters, vectors: Vectors | None) -> Scores:
    grams = word_grams(characters, weights.word_grams.bits)
    margins, known = weights.word_grams.margins(grams, characters.n_texts)
    logits = weights.words * margins
    if vectors is not None:
        slope, vector_slope = weights.words_and_vector
        both = slope * margins + vector_slope * weights.vectors.margins(vectors)
        logits = np.where(vectors.any(axis=1), both, logits)
    return np.where(known >= weights.least_known[1], logits, 0.0)


def _label(score: float, band: float) -> Label:
    if abs(score) <= band:
        return "neutral"
    return "positive" if score > 0 else "negative"
