"""Precision and recall of masking, by kind, over `personal_texts` and `harmless_texts`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from streams.domain.masking import KINDS, mask
from tests.support.harmless_texts import HARMLESS
from tests.support.personal_texts import PERSONAL


@dataclass(frozen=True)
class Score:
    """Of one kind: secrets planted, replacements made, replacements where a secret of the kind stood."""

    n_secrets: int
    n_masked: int
    n_right: int

    @property
    def precision(self) -> float:
        return self.n_right / self.n_masked if self.n_masked else 0.0

    @property
    def recall(self) -> float:
        return self.n_right / self.n_secrets


def scores() -> dict[str, Score]:
    planted, made, right = Counter[str](), Counter[str](), Counter[str]()
    for case in PERSONAL:
        masked = mask(case.text)
        made.update(masked.counts)
        kinds = Counter(kind for kind, _ in case.secrets)
        planted.update(kinds)
        gone = Counter(kind for kind, secret in case.secrets if secret not in masked.text)
        right.update(gone & Counter(masked.counts))
    for text in HARMLESS:
        made.update(mask(text).counts)
    return {kind: Score(planted[kind], made[kind], right[kind]) for kind in KINDS}
