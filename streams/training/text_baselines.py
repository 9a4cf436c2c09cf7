"""What every sentiment model has to beat: naive Bayes and logistic regression over plain n-grams, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline

from streams.training.labelled_texts import Language

#: Characters of Chinese, words of English, with the longest run of each.
_ANALYZERS: Final[dict[Language, tuple[str, int]]] = {"zh": ("char", 3), "en": ("word", 2)}


def naive_bayes(language: Language) -> Any:
    """Bernoulli naive Bayes over units and pairs of units, a scikit-learn pipeline."""
    analyzer, _ = _ANALYZERS[language]
    return make_pipeline(CountVectorizer(analyzer=analyzer, ngram_range=(1, 2), min_df=2, binary=True), BernoulliNB())


def logistic_regression(language: Language) -> Any:
    """Logistic regression over TF-IDF of n-grams. A scikit-learn pipeline."""
    analyzer, longest = _ANALYZERS[language]
    weighted = TfidfVectorizer(
        analyzer=analyzer, ngram_range=(1, longest), min_df=2, sublinear_tf=True, dtype=np.float32
    )
    return make_pipeline(weighted, LogisticRegression(C=10.0, solver="liblinear", tol=1e-2, random_state=0))


def answers_of(
    pipeline: Any, train: Sequence[str], labels: NDArray[np.int64], texts: Sequence[str]
) -> NDArray[np.int64]:
    """Fits a pipeline and answers 1 or 0 for each text (n,)."""
    return np.asarray(pipeline.fit(list(train), labels).predict(list(texts)), dtype=np.int64)
