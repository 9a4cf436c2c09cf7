"""What every method is told about the items before the first event: titles, platforms and what else is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Catalogue:
    """Items by row, N of them; a row number is an item's name throughout the evaluation.

    keys: the item ids of the data. platforms: names by code. platform: (N,) codes. titles, brands, categories: "" where
    unknown. attributes: further words (categories and brands where a data set does not tell them apart). prices: (N,)
    float64 in the currency of the data, nan where unknown.
    """

    keys: tuple[str, ...]
    platforms: tuple[str, ...]
    platform: NDArray[np.intp]
    titles: tuple[str, ...]
    attributes: tuple[tuple[str, ...], ...]
    categories: tuple[str, ...]
    brands: tuple[str, ...]
    prices: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def rows_of(self) -> tuple[NDArray[np.intp], ...]:
        """For each platform code its item rows, rising."""
        return tuple(np.flatnonzero(self.platform == code) for code in range(len(self.platforms)))
