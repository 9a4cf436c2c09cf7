"""How much one account may move a profile in a window of time, and how much of that with one and the same thing.

Repeats, floods and giant weights are much weight of one account in a short time. Each event is admitted with as much of
its weight as its window still has room for, in each direction apart:

    admitted = min(|weight|, most − Σ admitted of the window, most_alike − Σ admitted about the same thing)

Below the bounds nothing changes, whatever the order. Beyond them the *amount* that counts in the latest window is the
same in any order (the bounds nest, so a greedy filling is as large as any); *which* events of a flood fill it is
decided by their order in the log. A window is a span of event time, so a replay of the log gives the same. Things are
told apart in the latest window only: what comes late is held by the window's bound alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import msgspec

from streams.domain.decay import DAY_S
from streams.domain.events import Event
from streams.domain.lookalikes import skeleton

#: Sums kept of an account, two a window: windows of a day reach behind the gate's bound on late events (30 days).
MAX_SUMS: Final = 64
#: Things told apart in the latest window, the heaviest.
MAX_THINGS: Final = 64


@dataclass(frozen=True, slots=True)
class InfluenceRules:
    """most: weight an account may bring in a window, in each direction. most_alike: of it, about one thing.

    One thing is one item; where there is none, one text, whatever its digits, marks and look-alike letters. Events with
    neither have the window's bound alone. Raises ValueError for bounds that admit nothing.
    """

    most: float = 400.0
    most_alike: float = 40.0
    window_s: float = DAY_S

    def __post_init__(self) -> None:
        """Check the bounds."""
        for name in ("most", "most_alike", "window_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} = {getattr(self, name)}: must be above 0")


class Influence(msgspec.Struct, array_like=True):
    """What was admitted of one account lately; about 2 kB when full.

    sums: weight by window and direction. latest: number of the latest window. things: weight in it by mark.
    """

    sums: dict[int, float] = {}
    latest: int = -1
    things: dict[int, float] = {}

    def admit(self, rules: InfluenceRules, event: Event, weight: float) -> float:
        """The part of an event's signed weight that counts, 0 when its bounds are reached; remembered at once."""
        is_like = weight > 0.0
        window = int(event.occurred_at_s // rules.window_s)
        key, sums = 2 * window + is_like, self.sums
        used = sums.get(key, 0.0)
        size = min(weight if is_like else -weight, rules.most_alike, rules.most - used)
        if window >= self.latest:
            if window > self.latest:
                self.latest = window
                self.things.clear()
            if event.item is not None or event.text:
                size = self._about_one_thing(rules, _mark(event, is_like), size)
        if size <= 0.0:
            return 0.0
        sums[key] = used + size
        if len(sums) > MAX_SUMS:  # what is older than all of them is held by nothing any more
            del sums[min(sums)]
        return size if is_like else -size

    def _about_one_thing(self, rules: InfluenceRules, mark: int, size: float) -> float:
        """As much of the size as the thing has room for; remembered."""
        things = self.things
        known = things.get(mark, 0.0)
        size = min(size, rules.most_alike - known)
        if size > 0.0:
            things[mark] = known + size
            if len(things) > MAX_THINGS:
                del things[min(things, key=lambda thing: (things[thing], thing))]
        return size


def _mark(event: Event, is_like: bool) -> int:
    """What an event is about and in which direction: two of a window's 64 things share one once in two million."""
    about = event.item.item_id if event.item is not None else f"\n{skeleton(event.text)}"
    return 2 * crc32(about.encode("utf-8", "surrogatepass")) + is_like
