"""What a recommendation asks and answers."""

from __future__ import annotations

import msgspec

MAX_K = 200
DEFAULT_DIVERSITY = 0.2


class Ask(msgspec.Struct, frozen=True):
    """platform, category: only items of it. diversity in [0, 1]: 0 takes the best k, whatever they have in common."""

    platform: str | None = None
    category: str | None = None
    k: int = 10
    explain: bool = False
    diversity: float = DEFAULT_DIVERSITY


class OwnEvent(msgspec.Struct, frozen=True):
    """An event of the person that an item is close to. similarity: cosine of the two items' vectors."""

    event_id: str
    type: str
    title: str
    platform: str
    similarity: float


class Reason(msgspec.Struct, frozen=True):
    """Why an item is recommended: the interest it is closest to, the nearest own events, tags in common.

    signals: what each group of signals adds to the score that ranked it, in words; contribution, not cause.
    """

    interest: str
    events: list[OwnEvent]
    tags: list[str]
    signals: dict[str, float] = {}


class Recommended(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item. score: higher is better, comparable within one answer."""

    key: str
    platform: str
    item_id: str
    title: str
    category: str
    score: float
    reason: Reason | None = None


class Recommendations(msgspec.Struct, frozen=True):
    """Best first. basis says in words what they rest on. revision: of the profile, 0 when there is none.

    personalised: false where nothing of the person was used, because they do not want it.
    """

    profile_id: str
    revision: int
    cold_start: bool
    basis: str
    items: list[Recommended]
    personalised: bool = True
