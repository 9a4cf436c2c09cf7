"""What many people take to right now: decayed weight per item, as one number that no reading has to bring up to date.

The decayed sum Σ w·2^((t−T)/h) (`streams.domain.decay`) is kept as its *heat* L = log2 Σ w·2^(t/h), which does not
depend on T: adding is logaddexp2 (commutative, associative), the sum seen from T is 2^(L − T/h), and a ranking by heat
is a ranking at every T.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from heapq import nlargest
from itertools import repeat
from sys import intern
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S

HALF_LIFE_S: Final = DAY_S
#: When the bound is passed, this part of the items goes, the coldest first.
PRUNED_PART: Final = 0.1


class Warm(NamedTuple):
    """An item's heat and the category it was seen in."""

    heat: float
    category: str


_NOTHING: Final[dict[str, Warm]] = {}


class Popularity:
    """Decayed positive weights by item key (`<platform>:<item_id>`). One writer, any number of readers.

    >>> popularity = Popularity(half_life_s=10.0)
    >>> _ = popularity.add("shop:1", "shoes", at_s=0.0, weight=1.0)
    >>> _ = popularity.add("shop:1", "shoes", at_s=10.0, weight=1.0)
    >>> round(popularity.weight("shop:1", as_of_s=10.0), 9)
    1.5
    """

    def __init__(self, half_life_s: float = HALF_LIFE_S, max_items: int = 200_000) -> None:
        if half_life_s <= 0.0 or max_items < 1:
            raise ValueError(f"half_life_s = {half_life_s}, max_items = {max_items}: both must be positive")
        self._half_life_s = half_life_s
        self._max_items = max_items
        self._warm: dict[str, dict[str, Warm]] = {}
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def add(self, key: str, category: str, at_s: float, weight: float) -> Warm:
        """One observation, weight > 0; times may come in any order. The item's new entry."""
        if weight <= 0.0:
            raise ValueError(f"weight = {weight}: only what people take to makes an item popular")
        heat = at_s / self._half_life_s + math.log2(weight)
        known = self.entry(key)
        warm = Warm(heat if known is None else float(np.logaddexp2(known.heat, heat)), category)
        self.put(key, warm)
        return warm

    def put(self, key: str, warm: Warm) -> None:
        """Set an entry, as it was kept."""
        key = intern(key)  # see `index.keys`
        items = self._warm.setdefault(_platform_of(key), {})
        self._n += key not in items
        items[key] = warm
        if self._n > self._max_items:
            self._prune()

    def entry(self, key: str) -> Warm | None:
        """What is known of an item."""
        return self._warm.get(_platform_of(key), {}).get(key)

    def weight(self, key: str, as_of_s: float) -> float:
        """The decayed weight seen from `as_of_s`; 0 for an unknown item."""
        known = self.entry(key)
        return 0.0 if known is None else float(2.0 ** min(known.heat - as_of_s / self._half_life_s, 1_000.0))

    def weights(self, keys: Sequence[str], as_of_s: float) -> NDArray[np.float64]:
        """The decayed weights (N,) of several items."""
        known = list(map(self._of_one_platform(keys) or self.entry, keys))
        heats = np.array([-np.inf if warm is None else warm.heat for warm in known], dtype=np.float64)
        weights: NDArray[np.float64] = np.exp2(np.minimum(heats - as_of_s / self._half_life_s, 1_000.0))
        return weights

    def _of_one_platform(self, keys: Sequence[str]) -> Callable[[str], Warm | None] | None:
        """Looks keys up, where all of them are of one platform: several times as fast as one by one."""
        beginning = f"{_platform_of(keys[0])}:" if keys else ""
        is_one = all(map(str.startswith, keys, repeat(beginning)))
        return self._warm.get(beginning[:-1], _NOTHING).get if is_one else None

    def top(self, platform: str | None, category: str | None, k: int, exclude: Collection[str] = ()) -> list[str]:
        """The k items with the most heat, most first, ties by key."""
        platforms = list(self._warm) if platform is None else [platform]
        # A copy in one step: the writer may add while we look.
        entries = [entry for name in platforms for entry in list(self._warm.get(name, {}).items())]
        fitting = (
            (warm.heat, key)
            for key, warm in entries
            if (category is None or warm.category == category) and key not in exclude
        )
        return [key for _, key in nlargest(k, fitting, key=_hottest)]

    def clear(self) -> None:
        """Forget everything."""
        self._warm, self._n = {}, 0

    def _prune(self) -> None:
        entries = sorted((warm.heat, key) for items in self._warm.values() for key, warm in items.items())
        for _, key in entries[: max(1, int(PRUNED_PART * self._max_items))]:
            del self._warm[_platform_of(key)][key]
            self._n -= 1


class _Later(str):
    """Orders strings backwards: of equal heats the smaller key is the larger entry."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def _hottest(entry: tuple[float, str]) -> tuple[float, _Later]:
    return entry[0], _Later(entry[1])


def _platform_of(key: str) -> str:
    return key.partition(":")[0]
