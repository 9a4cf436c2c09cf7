"""The learnt numbers behind sentiment, and what they make of n-grams and of an encoder's vectors.

N texts, G n-grams, D dimensions of a vector, U units of the layer on it, N_SAID numbers of a text beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.meaning.sentiment_clauses import N_OF_CLAUSES
from streams.meaning.sentiment_ngrams import Grams

Margins = NDArray[np.float64]

#: Numbers of `said_of`.
N_SAID: Final = 2 + N_OF_CLAUSES
_LOG_LENGTH: Final = 2
#: Characters, both marks among them. Reviews so short complain three times in four, which danmu do not, and seed words
#: know their slang.
LEAST_LENGTH: Final = 10
#: A byte holds the square root of a size, so that small weights keep their digits.
TOP_LEVEL: Final = 127
#: Squared size of an n-gram that every text has and that pulls nowhere: few words of little meaning make no certainty.
#: Weights are learnt with it: another value needs others.
NOTHING_SAID: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GramWeights:
    """A linear model over n-grams, each scaled by its log-count ratio (Wang and Manning 2012), texts to length 1.

    levels: int8 (2**bits, 2), of an n-gram's pull (weight times scale) and of its scale; 0 is an unknown one. tops: the
    sizes that level 127 stands for.
    """

    levels: NDArray[np.int8]
    tops: tuple[float, float]
    intercept: float

    @property
    def bits(self) -> int:
        """The number of buckets is 2**bits."""
        return len(self.levels).bit_length() - 1

    def margins(self, grams: Grams, n_texts: int) -> tuple[Margins, NDArray[np.float64]]:
        """Signed distance of each text from neutral (N,), and the share of its n-grams that are known (N,)."""
        sizes = _sizes()[self.levels[grams.bucket].view(np.uint8)]
        pulls = np.bincount(grams.text, sizes[:, 0], n_texts) * self.tops[0]
        squares = np.bincount(grams.text, sizes[:, 1] ** 2, n_texts) * self.tops[1] ** 2
        known = np.bincount(grams.text, sizes[:, 1] > 0, n_texts) / np.maximum(
            np.bincount(grams.text, None, n_texts), 1
        )
        return pulls / np.sqrt(squares + NOTHING_SAID) + self.intercept, known

    @classmethod
    def of(cls, pulls: Margins, scales: Margins, intercept: float) -> GramWeights:
        """From float (2**bits,) each; scales are not negative."""
        tops = (float(np.abs(pulls).max(initial=1e-9)), float(scales.max(initial=1e-9)))
        levels = np.stack([_levels(pulls / tops[0]), _levels(scales / tops[1])], axis=1)
        # A known n-gram stays known, however small.
        levels[:, 1] = np.where((scales > 0) & (levels[:, 1] == 0), 1, levels[:, 1])
        return cls(levels=levels, tops=tops, intercept=intercept)


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorWeights:
    """A layer of rectified units on an encoder's vectors, and what they add up to.

    inward: float32 (U, D), each of them a float16, as the file has them; thresholds, outward: float32 (U,).
    """

    inward: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    outward: NDArray[np.float32]
    intercept: float

    def margins(self, vectors: NDArray[np.float32]) -> Margins:
        """float32 (N, D) -> (N,)."""
        # A product of the matrix with each vector by itself: one for all would round by how many there are.
        pulled = np.matmul(self.inward, vectors[:, :, None])[:, :, 0]  # (N, U)
        units = np.maximum(pulled + self.thresholds, 0).astype(np.float64)
        margins: Margins = np.einsum("nu,u->n", units, self.outward.astype(np.float64)) + self.intercept
        return margins


@dataclass(frozen=True, slots=True, kw_only=True)
class StackWeights:
    """A layer on the vector and on what the words say of the text, beside these as they are.

    layer: of D + `N_SAID` inputs. direct: what each of the margins counts by itself.
    """

    layer: VectorWeights
    direct: tuple[float, ...]

    def margins(self, vectors: NDArray[np.float32], said: Margins) -> Margins:
        """float32 (N, D), `said` (N, N_SAID) -> (N,). Of a text below LEAST_LENGTH only what words say counts."""
        inputs = np.concatenate([vectors, said.astype(np.float32)], axis=1)
        passed_on: Margins = (said[:, : len(self.direct)] * np.array(self.direct)).sum(axis=1)
        is_long = said[:, _LOG_LENGTH] >= np.log1p(LEAST_LENGTH)
        return np.where(is_long, self.layer.margins(inputs), 0.0) + passed_on


def said_of(whole: Margins, clauses: Margins, n_characters: NDArray[np.int64]) -> Margins:
    """What a `StackWeights` hears of a text beside its vector (N, N_SAID).

    In order: its margin, its clauses' mean, the log of its length, and the rest of `clauses`, which is
    `what_clauses_say` (N, N_OF_CLAUSES).
    """
    return np.column_stack([whole, clauses[:, 0], np.log1p(n_characters), clauses[:, 1:]])


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentWeights:
    """Everything that was learnt. Slopes, fitted on groups left out of training, make margins a logit.

    han: of a text and of the mean of its clauses; han_and_vector: of `han_vectors`, which hears them. words: of words
    alone; words_and_vector: of words and `vectors`. vector_name, han_vector_name: of the encoder that each language's
    layer was learnt on. least_known: share of n-grams, of Chinese and of English, below which a text is in a language
    that nobody taught.
    """

    han_grams: GramWeights
    han_vectors: StackWeights
    han_vector_name: str
    word_grams: GramWeights
    vectors: VectorWeights
    vector_name: str
    han: tuple[float, float]
    han_and_vector: float
    words: float
    words_and_vector: tuple[float, float]
    least_known: tuple[float, float]
    neutral_band: float


def _levels(shares: Margins) -> NDArray[np.int8]:
    levels: NDArray[np.int8] = np.rint(np.sign(shares) * np.sqrt(np.abs(shares)) * TOP_LEVEL).astype(np.int8)
    return levels


@cache
def _sizes() -> Margins:
    """What a level stands for, by its byte read without sign."""
    levels = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.float64) / TOP_LEVEL
    sizes: Margins = np.sign(levels) * levels**2
    return sizes
