"""Examples by how much was known of the person, and weights with which people of every kind count alike.

Few people bring most examples: who did much is learnt from much. Reweighing (Kamiran and Calders 2012) counts an
example of group g as its expected share over its observed one; every group is expected to have the same share here.
There is one outcome, since every example holds something that was taken. Shapes: M examples, C candidates, F features.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking.features import FEATURES

#: Touches known of the person: the most of each group but the last; as `activity` in `braid evaluate`.
MOST: Final = (5, 15, 30)
NAMES: Final = ("0-5", "6-15", "16-30", "31+")
#: A handful of people must not rule what everybody gets.
MOST_COUNTED: Final = 5.0


def history_groups(tables: NDArray[np.float16]) -> NDArray[np.intp]:
    """The group of each example (M, C, F), a place in `NAMES`."""
    known = np.expm1(tables[:, 0, FEATURES.index("person_touches")].astype(np.float32))
    return np.searchsorted(np.array(MOST), np.round(known), side="left")


def reweighed(groups: NDArray[np.intp]) -> NDArray[np.float32]:
    """float32 (M,), what each example counts; 1 on average.

    >>> reweighed(np.array([0, 0, 0, 1])).astype(float).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    sizes = np.bincount(groups, minlength=len(NAMES))
    present = sizes > 0
    counts = np.where(present, len(groups) / (present.sum() * np.maximum(sizes, 1)), 0.0)
    each = np.minimum(counts, MOST_COUNTED)[groups]
    reweighed: NDArray[np.float32] = (each / each.mean()).astype(np.float32)
    return reweighed


def hits_by_history(is_hit: NDArray[np.bool_], groups: NDArray[np.intp]) -> dict[str, float]:
    """The share of hits in each group that has examples."""
    return {name: float(is_hit[groups == at].mean()) for at, name in enumerate(NAMES) if (groups == at).any()}
