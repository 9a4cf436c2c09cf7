"""Classification reports: accuracy, precision, recall, F1 and what was taken for what, with a 95 % interval.

N texts; labels and answers are 1 (positive) or 0 (negative).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Answers = NDArray[np.int64]

NORMAL_95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Report:
    """n_taken[true][found]: how many texts of a label got which answer.

    >>> report_of(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0])).accuracy
    0.75
    """

    n_taken: tuple[tuple[int, int], tuple[int, int]]

    @property
    def n(self) -> int:
        """Texts."""
        return sum(map(sum, self.n_taken))

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return (self.n_taken[0][0] + self.n_taken[1][1]) / max(1, self.n)

    def precision(self, label: int) -> float:
        """Of the answers `label`, the share that is right; 0 without any."""
        return self.n_taken[label][label] / max(1, self.n_taken[0][label] + self.n_taken[1][label])

    def recall(self, label: int) -> float:
        """Of the texts of `label`, the share that was found; 0 without any."""
        return self.n_taken[label][label] / max(1, sum(self.n_taken[label]))

    def f1(self, label: int) -> float:
        """Harmonic mean of precision and recall."""
        precision, recall = self.precision(label), self.recall(label)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def row(self) -> dict[str, Any]:
        """The report as fields of a row: means over both labels, each label, counts, the interval of the accuracy."""
        by_label = {
            name: {"precision": self.precision(label), "recall": self.recall(label), "f1": self.f1(label)}
            for label, name in ((0, "negative"), (1, "positive"))
        }
        means = {
            measure: sum(of_label[measure] for of_label in by_label.values()) / 2
            for measure in ("precision", "recall", "f1")
        }
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            **means,
            "ci95": interval_95(self.accuracy, self.n),
            "by_label": by_label,
            "confusion": [list(counts) for counts in self.n_taken],
        }


def report_of(labels: Answers, answers: Answers) -> Report:
    """From true labels and answers (N,)."""
    counts = np.bincount(labels * 2 + answers, minlength=4).reshape(2, 2).tolist()
    return Report(((counts[0][0], counts[0][1]), (counts[1][0], counts[1][1])))


def interval_95(share: float, n: int) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of n texts.

    >>> [round(end, 3) for end in interval_95(0.9, 100)]
    [0.826, 0.945]
    """
    if n == 0:
        return 0.0, 1.0
    z = NORMAL_95**2 / n
    centre = (share + z / 2) / (1 + z)
    reach = NORMAL_95 / (1 + z) * sqrt(share * (1 - share) / n + z / (4 * n))
    return max(0.0, min(share, centre - reach)), min(1.0, max(share, centre + reach))
