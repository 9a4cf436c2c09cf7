"""Content alone: items whose texts share rare words with what the person took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from streams.evaluation.methods.histories import Fading, Histories
from streams.evaluation.methods.port import Ranking, Requests, Setting, Step
from streams.evaluation.words import item_words


class TitleWords:
    """Cosine of TF-IDF rows against the person's faded sum (`streams/evaluation/words.py`)."""

    def __init__(self, setting: Setting, name: str, fading: Fading) -> None:
        self.name = name
        self._rows_of = setting.catalogue.rows_of
        self._fading = fading
        self._words = item_words(setting.catalogue)
        self._words_by_platform = [self._words[rows].T.tocsr() for rows in self._rows_of]
        self._histories = Histories(setting.n_users)

    def learn(self, step: Step) -> None:
        """Remember."""
        self._histories.add(step)

    def rank(self, requests: Requests) -> Sequence[Ranking]:
        """Only items that share a word are listed."""
        rankings: list[Ranking] = [Ranking(np.zeros(0, dtype=np.intp))] * len(requests)
        people = self._people(requests) @ self._words
        for platform, by_word in enumerate(self._words_by_platform):
            asked = np.flatnonzero(requests.platforms == platform)
            if not len(asked):
                continue
            scores = (people[asked] @ by_word).tocsr()
            for place, request in enumerate(asked):
                span = slice(scores.indptr[place], scores.indptr[place + 1])
                rankings[request] = Ranking(self._rows_of[platform][scores.indices[span]], scores.data[span])
        return rankings

    def _people(self, requests: Requests) -> csr_array:
        """(R, N): how much of each item a person still is."""
        rows = [self._histories.items_of(user) for user in requests.users]
        weights = [
            self._fading.weights(self._histories.times_of(user), now_s)
            for user, now_s in zip(requests.users, requests.times_s, strict=True)
        ]
        starts = np.cumsum([0] + [len(each) for each in rows])
        values, places = (np.concatenate([*parts, []]) for parts in (weights, rows))
        return csr_array((values, places.astype(np.intp), starts), shape=(len(rows), self._words.shape[0]))
