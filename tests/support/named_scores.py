"""Precision, recall and F1 of mentions by kind, and how often mentions of each confidence are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from streams.domain.readings import MENTION_KINDS
from streams.meaning.entities import EntityFinder
from tests.support.named_texts import NamedText

KINDS = tuple(kind for kind in MENTION_KINDS if kind != "aspect")


@dataclass(frozen=True)
class Score:
    """Marked, found, and found where marked with the same span and kind."""

    n_marked: int
    n_found: int
    n_right: int

    @property
    def precision(self) -> float:
        return self.n_right / self.n_found if self.n_found else 0.0

    @property
    def recall(self) -> float:
        return self.n_right / self.n_marked if self.n_marked else 0.0

    @property
    def f1(self) -> float:
        total = self.n_found + self.n_marked
        return 2 * self.n_right / total if total else 0.0


def scores(finder: EntityFinder, texts: Iterable[NamedText]) -> dict[str, Score]:
    """By kind, and `all`."""
    marked, found, right = Counter[str](), Counter[str](), Counter[str]()
    for text in texts:
        made = {(each.kind, each.start, each.end) for each in finder.find(text.text) if each.kind in KINDS}
        marked.update(kind for kind, _, _ in text.named)
        found.update(kind for kind, _, _ in made)
        right.update(kind for kind, _, _ in made & set(text.named))
    by_kind = {kind: Score(marked[kind], found[kind], right[kind]) for kind in KINDS}
    return {**by_kind, "all": Score(marked.total(), found.total(), right.total())}


def by_confidence(finder: EntityFinder, texts: Iterable[NamedText]) -> dict[float, tuple[int, int]]:
    """(found, right) at each confidence."""
    bands: dict[float, tuple[int, int]] = {}
    for text in texts:
        for each in finder.find(text.text):
            if each.kind in KINDS:
                n_found, n_right = bands.get(each.confidence, (0, 0))
                right = (each.kind, each.start, each.end) in text.named
                bands[each.confidence] = n_found + 1, n_right + right
    return dict(sorted(bands.items()))
