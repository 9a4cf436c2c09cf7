"""What to show to somebody of whom nothing is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from streams.domain.newest import NewestItems
from streams.domain.popularity import Popularity
from streams.service.recommendations import Ask, Recommended
from streams.service.tastes import Items

#: Asked for beyond k, because popular items may have left the catalogue since.
SPARE = 20


@dataclass(frozen=True)
class PopularNow:
    """What many take to now; where nobody did anything, what came last."""

    popularity: Popularity
    newest: NewestItems
    items: Items

    def choose(self, ask: Ask, seen: Collection[str], as_of_s: float) -> tuple[list[Recommended], str]:
        """(items, what they are in words)."""
        keys = self.popularity.top(ask.platform, ask.category, ask.k + SPARE, seen)
        chosen = self._known(keys, ask, as_of_s)[: ask.k]
        where = f"on {ask.platform}" if ask.platform else "on any platform"
        words = f"what is popular now {where}"
        if len(chosen) < ask.k:
            taken = {item.key for item in chosen} | set(seen)
            newest = self.newest.top(ask.platform, ask.category, ask.k + SPARE, taken)
            words = f"{words}, then the newest items" if chosen else f"the newest items {where}"
            chosen += self._known(newest, ask, as_of_s)[: ask.k - len(chosen)]
        return chosen, words

    def _known(self, keys: list[str], ask: Ask, as_of_s: float) -> list[Recommended]:
        weights = self.popularity.weights(keys, as_of_s)
        found = []
        for key, entry, weight in zip(keys, self.items.entries_of(keys), weights.tolist(), strict=True):
            # The category may have changed since the item was last seen.
            if entry is None or ask.category not in (None, entry.item.category):
                continue
            score = round(weight / (1.0 + weight), 6)
            item = entry.item
            found.append(Recommended(key, entry.platform, item.item_id, item.title, item.category, score))
        return found
