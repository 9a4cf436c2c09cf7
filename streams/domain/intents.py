"""What a person is about right now: the short-term intent of the latest session, from recent events alone.

A session ends with the latest event and goes back as long as no gap reaches `session_gap_s`; it spans platforms. Three
sums over its events say how far somebody has come, and the furthest stage whose sum reaches its bound is the intent:

    buy      Σ over items of max(0, Σ steps)      a step towards a purchase: `buying`, minus for what is taken back
    compare  Σ over kinds of (distinct items looked at − 1) + ½ Σ looks at an item again + ½ Σ searches
    browse   number of events that are looks, searches or anything else that was done willingly

    confidence = sum / (sum + bound), so one half at the bound and towards 1 with more

Kinds are the items' first tags (a category where there is one); only looks at things that can be bought compare. The
value is a function of the set of recent events: any order and any replay of the same events give the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from streams.domain.actions import action_of
from streams.domain.states import Recent

Stage = Literal["none", "browse", "compare", "buy"]

#: How far an action goes towards a purchase; reversals take the same away again.
BUYING: Final[Mapping[str, float]] = MappingProxyType(
    {
        "wishlist.added": 0.5, "cart.added": 1.0, "cart.removed": -1.0, "order.completed": 2.0, "order.refunded": -2.0,
        "booking.completed": 2.0, "booking.cancelled": -2.0,
    }
)  # fmt: skip
#: Looking at what can be bought, and asking for it.
LOOKS: Final = frozenset({"product.viewed", "listing.viewed"})
SEARCHES: Final = frozenset({"product.searched", "destination.searched"})
AGAIN: Final = 0.5
SEARCH: Final = 0.5
MAX_EVIDENCE: Final = 5


@dataclass(frozen=True)
class IntentRules:
    """Bounds of the stages in the units of their sums; session_gap_s in seconds.

    With the defaults one thing in the cart is a purchase ahead, three alike looked at is a comparison, and a single
    event is browsing. looks, searches, buying: actions by what they say, so that those of a mapping can take part.
    """

    session_gap_s: float = 1_800.0
    buy: float = 1.0
    compare: float = 2.0
    browse: float = 1.0
    buying: Mapping[str, float] = field(default_factory=lambda: BUYING)
    looks: frozenset[str] = LOOKS
    searches: frozenset[str] = SEARCHES


class Intent(msgspec.Struct, frozen=True, gc=False):
    """The intent of the latest session. kind: none, browse, compare or buy. confidence in [0, 1].

    started_at, ended_at: of the session, UTC seconds; it says nothing about the time after. evidence: ids of the latest
    events that speak for it, latest first.
    """

    kind: str
    confidence: float
    started_at: float
    ended_at: float
    evidence: list[str]


def intent_of(rules: IntentRules, recents: Sequence[Recent]) -> Intent | None:
    """The intent of the latest session; None where nothing is recent.

    recents: in any order, without what was taken back by name. Events with negative weight are part of the session and
    speak for nothing.
    """
    session = _latest_session(rules, recents)
    if not session:
        return None
    steps: list[tuple[float, Recent]] = []
    looks: list[Recent] = []
    n_searches, willing, asking = 0, [], []
    for each in session:
        action = action_of(each.type)
        step = rules.buying.get(action)
        if step is not None:
            steps.append((step, each))
        if each.weight > 0.0:
            willing.append(each)
            if action in rules.looks:
                looks.append(each)
                asking.append(each)
            elif action in rules.searches:
                n_searches += 1
                asking.append(each)
    stages: tuple[tuple[Stage, float, float, list[Recent]], ...] = (
        ("buy", _towards_purchase(steps), rules.buy, [each for step, each in steps if step > 0.0]),
        ("compare", _comparing(looks, n_searches), rules.compare, asking),
        ("browse", float(len(willing)), rules.browse, willing),
    )
    started_s, ended_s = session[-1].at_s, session[0].at_s
    for kind, total, bound, evidence in stages:
        if total >= bound:
            named = [each.event_id.hex() for each in evidence[:MAX_EVIDENCE]]
            return Intent(kind, round(total / (total + bound), 6), started_s, ended_s, named)
    return Intent("none", 0.0, started_s, ended_s, [])


def _latest_session(rules: IntentRules, recents: Iterable[Recent]) -> list[Recent]:
    """Latest first."""
    session: list[Recent] = []
    for recent in sorted(recents, key=_latest_first):
        if session and session[-1].at_s - recent.at_s >= rules.session_gap_s:
            break
        session.append(recent)
    return session


def _latest_first(recent: Recent) -> tuple[float, bytes]:
    return -recent.at_s, recent.event_id


def _towards_purchase(steps: Sequence[tuple[float, Recent]]) -> float:
    by_item: defaultdict[str, float] = defaultdict(float)
    for step, event in steps:
        by_item[event.item] += step
    return sum(max(0.0, total) for total in by_item.values())


def _comparing(looks: Sequence[Recent], n_searches: int) -> float:
    items = [look.item for look in looks if look.item]
    kinds = list({look.item: look.tags[0] for look in looks if look.item and look.tags}.values())
    alike = len(kinds) - len(set(kinds))
    again = len(items) - len(set(items))
    return alike + AGAIN * again + SEARCH * n_searches
