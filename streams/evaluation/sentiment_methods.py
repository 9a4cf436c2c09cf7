"""Every way to judge a text that is compared, over one set of texts. Needs scikit-learn (the extra `train`).

N texts, n rows asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError
from streams.meaning.sentiment import packaged_sentiment
from streams.training.labelled_texts import HELD_BACK, LabelledText, language_of, read_labelled_texts
from streams.training.sentiment_fitting import RECIPES, SEED, Trainer, evened, fit_logistic, group_numbers
from streams.training.text_baselines import answers_of, logistic_regression, naive_bayes

Rows = NDArray[np.intp]
Answers = NDArray[np.int64]
Margins = NDArray[np.float64]

_FOLDS: Final = 5


class Encoder(Protocol):
    """Whose vectors are read beside the words."""

    @property
    def name(self) -> str:
        """What the encoder is called; the shipped layers read those of their own only."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts (N,) to float32 (N, D), unit rows."""


class Methods:
    """names: what can be asked. labels: 1 or 0 (N,)."""

    def __init__(self, texts: Sequence[LabelledText], encoder: Encoder | None) -> None:
        """texts: of one language by their majority."""
        self._texts = np.array([text.text for text in texts], dtype=object)
        language = language_of(texts)
        self._encoder = "" if encoder is None else encoder.name
        vectors = None if encoder is None else encoder.vectors(self._texts.tolist())
        self._groups = group_numbers(texts)[1]
        self._trainer = Trainer(RECIPES[language], texts, vectors)
        self._last: tuple[Rows, Rows, Margins] | None = None
        self.labels = self._trainer.labels
        self._methods: dict[str, Callable[[Rows, Rows], Answers]] = {
            "naive bayes": lambda train, test: self._baseline(naive_bayes(language), train, test),
            "logistic regression": lambda train, test: self._baseline(logistic_regression(language), train, test),
            "braid": lambda train, test: self._fitted(slice(0, self._trainer.n_word_margins), train, test),
            "shipped": lambda _, test: self._shipped(None, test),
        }
        if vectors is not None:
            self._methods["braid+vector"] = lambda train, test: self._fitted(self._trainer.with_vector, train, test)
            self._methods["shipped+vector"] = lambda _, test: self._shipped(vectors, test)
        self.names = tuple(self._methods)

    def answers(self, name: str, train: Rows, test: Rows) -> Answers:
        """1 or 0 for each row of `test` (n,), learnt from the rows of `train` only."""
        return self._methods[name](train, test)

    def _baseline(self, pipeline: object, train: Rows, test: Rows) -> Answers:
        return answers_of(pipeline, self._texts[train].tolist(), self.labels[train], self._texts[test].tolist())

    def _fitted(self, columns: slice, train: Rows, test: Rows) -> Answers:
        """As the shipped weights are made; how margins add up is learnt on held-out groups of `train`."""
        margins = self._margins(train, test)[:, columns]
        if margins.shape[1] == 1:
            return np.asarray(margins[:, 0] > 0, dtype=np.int64)
        folds = self._folds(train)
        is_of_words = columns.stop == self._trainer.n_word_margins
        held_out = self._trainer.held_out_word_margins(folds) if is_of_words else self._trainer.held_out_margins(folds)
        slopes = fit_logistic(held_out[train, columns], self.labels[train])
        return np.asarray(margins @ np.array(slopes) > 0, dtype=np.int64)

    def _margins(self, train: Rows, test: Rows) -> Margins:
        """Of `test`, kept for the next method: words alone and words beside a vector ask for the same."""
        if self._last is None or self._last[0] is not train or self._last[1] is not test:
            self._last = (train, test, self._trainer.margins(self._trainer.fit(train), test))
        return self._last[2]

    def _folds(self, train: Rows) -> NDArray[np.int64]:
        """Groups of the training part (N,), -1 elsewhere; where it is all one group, seeded folds."""
        folds = np.full(len(self.labels), -1)
        inside = self._groups[train]
        one_group = len(np.unique(inside)) < 2
        folds[train] = np.random.default_rng(0).integers(_FOLDS, size=len(train)) if one_group else inside
        return folds

    def _shipped(self, vectors: NDArray[np.float32] | None, test: Rows) -> Answers:
        given = None if vectors is None else vectors[test]
        scores = packaged_sentiment().read(self._texts[test].tolist(), given, self._encoder)
        return (scores > 0).astype(np.int64)


def read_judged(path: Path) -> list[LabelledText]:
    """Texts with label 1 or 0. Raises UsageError: the file is something else, or has one label only."""
    texts = [text for text in read_labelled_texts(path) if text.label is not None]
    if {text.label for text in texts} != {0, 1}:
        raise UsageError(f"{path}: texts of both labels are needed; give a file with label 1 and label 0")
    return texts


def read_beside(files: Sequence[Path]) -> list[LabelledText]:
    """Texts to learn from only, thinned as the trainer does where one label crowds out the other. Raises UsageError."""
    texts = [text for file in files for text in read_judged(file)]
    return [texts[row] for row in evened(texts, SEED)]


def is_for_measuring(path: Path) -> bool:
    """Whether a file's name keeps it from being learnt from."""
    return path.name.startswith(HELD_BACK)
