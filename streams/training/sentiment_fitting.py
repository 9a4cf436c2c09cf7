"""Labelled texts to sentiment weights of one language. What `python -m streams.training.sentiment` ships and what
`braid evaluate` measures on a split is fitted by these same functions.

N texts, n of them asked for, K clauses, G groups, D dimensions of a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from streams.meaning.sentiment_clauses import Clauses, clauses_of, means_of_clauses, what_clauses_say
from streams.meaning.sentiment_ngrams import Characters, Grams, characters_of, han_grams, word_grams
from streams.meaning.sentiment_weights import N_SAID, StackWeights, VectorWeights, said_of
from streams.training.labelled_texts import LabelledText, Language
from streams.training.seed_words import read_seed_words
from streams.training.sentiment_layer import fit_layer
from streams.training.sentiment_linear import Labels, LinearGrams, Margins, fit_grams, presence
from streams.training.sentiment_stack import fit_stack

Rows = NDArray[np.intp]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a language is learnt: its n-grams, 2**bits buckets, the machine's cost, and what a seed word weighs.

    clauses_of: cuts texts whose clauses are read, too; None where they are not. Then a layer on the vector hears what
    text and clauses say (`sentiment_stack`); without clauses it hears nothing.
    """

    language: Language
    grams_of: Callable[[Characters, int], Grams]
    bits: int
    cost: float
    seed_weight: float
    clauses_of: Callable[[Characters], Clauses] | None = None


#: Chosen on the training part of the seeded split and groups left out of it, and by cross validation (docs/meaning.md).
RECIPES: Final[dict[Language, Recipe]] = {
    "zh": Recipe("zh", han_grams, bits=21, cost=0.6, seed_weight=3.0, clauses_of=clauses_of),
    "en": Recipe("en", word_grams, bits=21, cost=0.6, seed_weight=3.0),
}
NEUTRAL: Final = -1
#: Of what is drawn at random.
SEED: Final = 1
_FOLDS: Final = 5
#: A group with more of one label than this many times the other is thinned.
MAX_IMBALANCE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """grams: of the texts. vectors: the layer on their vectors, None without vectors."""

    grams: LinearGrams
    vectors: VectorWeights | StackWeights | None


@dataclass(frozen=True, slots=True)
class _ReadClauses:
    """matrix: their n-grams (K, 2**bits). text: whose they are (K,). n_texts: N."""

    matrix: sparse.csr_matrix
    text: Rows
    n_texts: int

    def margins(self, grams: LinearGrams, rows: Rows) -> tuple[Rows, Margins]:
        """Of each clause of these texts (n,): the place of its text among them (k,), ascending; its margin (k,)."""
        place = np.full(self.n_texts, -1)
        place[rows] = np.arange(len(rows))
        of_clause = place[self.text]
        inside = np.flatnonzero(of_clause >= 0)
        inside = inside[np.argsort(of_clause[inside], kind="stable")]
        return of_clause[inside], grams.margins(self.matrix[inside])


class Trainer:
    """Labelled texts of one language, read into n-grams once; fits any part of them. labels: 1, 0 or NEUTRAL (N,)."""

    def __init__(self, recipe: Recipe, texts: Sequence[LabelledText], vectors: Vectors | None = None) -> None:
        """vectors: float32 (N, D) of the same texts."""
        self._recipe = recipe
        self._vectors = vectors
        self.labels: Labels = _labels(texts)
        characters = _characters(texts)
        self.matrix = self._presence(characters)
        self._n_characters = characters.lengths()
        self._clauses = None if recipe.clauses_of is None else self._read(recipe.clauses_of(characters))
        seeds = read_seed_words(recipe.language)
        self._seeds = self._presence(_characters(seeds))
        self._seed_labels = _labels(seeds)

    @property
    def n_word_margins(self) -> int:
        """Columns of `margins` that need no vector: the text's, and where clauses are read the mean of theirs."""
        return 1 if self._clauses is None else 2

    @property
    def n_margins(self) -> int:
        """Columns of `margins`."""
        return self.n_word_margins + (self._vectors is not None)

    @property
    def with_vector(self) -> slice:
        """Columns of `margins` that are added up where there is a vector; one that hears the words stands alone."""
        return slice(0 if self._clauses is None else self.n_word_margins, self.n_margins)

    def fit(self, rows: Rows) -> Fitted:
        """A model that saw only these rows and the seed words; neutral texts teach nothing."""
        rows = rows[self.labels[rows] != NEUTRAL]
        grams = self._fit_grams(rows)
        if self._vectors is None:
            return Fitted(grams, None)
        if self._clauses is None:
            return Fitted(grams, fit_layer(self._vectors[rows], self.labels[rows]))
        said = self._said_by_others(rows)
        return Fitted(grams, fit_stack(self._vectors[rows], said, self.n_word_margins, self.labels[rows]))

    def margins(self, fitted: Fitted, rows: Rows) -> Margins:
        """What a model says of these rows, (n, n_margins): of the texts, of their clauses, of the vectors."""
        if self._vectors is None or fitted.vectors is None:
            return self._word_margins(fitted.grams, rows)
        match fitted.vectors:
            case StackWeights() as stack:
                said = self._said(fitted.grams, rows)
                columns, of_vectors = said[:, : self.n_word_margins], stack.margins(self._vectors[rows], said)
            case VectorWeights() as layer:
                columns, of_vectors = self._word_margins(fitted.grams, rows), layer.margins(self._vectors[rows])
        return np.concatenate([columns, of_vectors[:, None]], axis=1)

    def held_out_margins(self, groups: Labels, done: Callable[[int], None] = lambda _: None) -> Margins:
        """Margins of every text (N, n_margins), by a model that saw nothing of its group (N,); -1: left out of both."""
        return self._held_out(groups, self.n_margins, lambda rows, inside: self.margins(self.fit(rows), inside), done)

    def held_out_word_margins(self, groups: Labels) -> Margins:
        """The same of words alone (N, n_word_margins), for less."""

        def of_words(rows: Rows, inside: Rows) -> Margins:
            return self._word_margins(self._fit_grams(rows[self.labels[rows] != NEUTRAL]), inside)

        return self._held_out(groups, self.n_word_margins, of_words, lambda _: None)

    def _held_out(
        self,
        groups: Labels,
        n_columns: int,
        margins_of: Callable[[Rows, Rows], Margins],
        done: Callable[[int], None],
    ) -> Margins:
        margins = np.zeros((len(groups), n_columns))
        for group in np.unique(groups[groups >= 0]).tolist():
            inside = np.flatnonzero(groups == group)
            margins[inside] = margins_of(np.flatnonzero((groups != group) & (groups >= 0)), inside)
            done(group)
        return margins

    def _fit_grams(self, rows: Rows) -> LinearGrams:
        # Twice, so that a seed word which no text has is known all the same (LEAST_TEXTS).
        matrix = sparse.vstack([self.matrix[rows], self._seeds, self._seeds]).tocsr()
        labels = np.concatenate([self.labels[rows], self._seed_labels, self._seed_labels])
        weights = np.concatenate([np.ones(len(rows)), np.full(2 * len(self._seed_labels), self._recipe.seed_weight)])
        return fit_grams(matrix, labels, self._recipe.cost, weights)

    def _word_margins(self, grams: LinearGrams, rows: Rows) -> Margins:
        columns = [grams.margins(self.matrix[rows])]
        if self._clauses is not None:
            columns.append(means_of_clauses(*self._clauses.margins(grams, rows), columns[0]))
        return np.stack(columns, axis=1)

    def _said_by_others(self, rows: Rows) -> Margins:
        """What words say of each of these rows (n, N_SAID), by a model of four random fifths without it.

        Random ones: in groups left out words are trusted less, which costs more on known kinds than it gains on new.
        """
        said = np.zeros((len(rows), N_SAID))
        folds = np.random.default_rng(SEED).integers(_FOLDS, size=len(rows))
        for fold in range(_FOLDS):
            inside = folds == fold
            said[inside] = self._said(self._fit_grams(rows[~inside]), rows[inside])
        return said

    def _said(self, grams: LinearGrams, rows: Rows) -> Margins:
        if self._clauses is None:
            raise TypeError("only where clauses are read there is something to say beside a vector")
        whole = grams.margins(self.matrix[rows])
        clauses = what_clauses_say(*self._clauses.margins(grams, rows), whole)
        return said_of(whole, clauses, self._n_characters[rows])

    def _read(self, clauses: Clauses) -> _ReadClauses:
        return _ReadClauses(self._presence(clauses.characters), clauses.text, len(self.labels))

    def _presence(self, characters: Characters) -> sparse.csr_matrix:
        grams = self._recipe.grams_of(characters, self._recipe.bits)
        return presence(grams, characters.n_texts, self._recipe.bits)


def fit_logistic(columns: Margins, labels: Labels) -> tuple[float, ...]:
    """Slopes of the columns (n, K) that turn margins into a logit (Platt 1999), without an intercept.

    Each machine's own zero is kept: which way it errs on one group held out says nothing about the next.
    """
    found = LogisticRegression(C=1e3, max_iter=1_000, fit_intercept=False).fit(columns, labels)
    slopes: tuple[float, ...] = tuple(found.coef_[0].tolist())
    return slopes


def group_numbers(texts: Sequence[LabelledText]) -> tuple[list[str], Labels]:
    """Names of the groups in order, and the group of each text (N,)."""
    names = sorted({text.group for text in texts})
    return names, np.array([names.index(text.group) for text in texts], dtype=np.int64)


def evened(texts: Sequence[LabelledText], seed: int) -> Rows:
    """Rows that stay when no group has more than MAX_IMBALANCE times as many of one label as of the other."""
    random = np.random.default_rng(seed)
    _, groups = group_numbers(texts)
    labels = _labels(texts)
    kept: list[Rows] = [np.flatnonzero(labels == NEUTRAL)]
    for group in np.unique(groups):
        of_label = [np.flatnonzero((groups == group) & (labels == label)) for label in (0, 1)]
        most = int(MAX_IMBALANCE * max(1, min(len(rows) for rows in of_label)))
        kept += [rows if len(rows) <= most else random.choice(rows, most, replace=False) for rows in of_label]
    return np.sort(np.concatenate(kept))


def calibration_error(scores: Margins, labels: Labels, n_bins: int = 10) -> float:
    """Mean distance between p and the share of positive texts, over bins of equal width (Naeini et al. 2015)."""
    p = (scores + 1) / 2
    bins = np.minimum((p * n_bins).astype(np.int64), n_bins - 1)
    n_of = np.bincount(bins, minlength=n_bins)
    distance = np.abs(np.bincount(bins, p, n_bins) - np.bincount(bins, labels, n_bins))
    return round(float(distance.sum() / n_of.sum()), 4)


def _characters(texts: Sequence[LabelledText]) -> Characters:
    return characters_of([text.text for text in texts])


def _labels(texts: Sequence[LabelledText]) -> Labels:
    return np.array([NEUTRAL if text.label is None else text.label for text in texts], dtype=np.int64)
