"""What people took to, out of the profiles that serve follows, into the live ranker.

Who does not want to be chosen for by their profile is not kept either: nobody is chosen for by what they did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from threading import RLock
from typing import Final, Protocol

from streams.domain.events import ItemRecord
from streams.domain.permissions import why_nothing_personal
from streams.domain.profiles import ProfileRecord, RecentEvent
from streams.ranking.live import Touch
from streams.ranking.touch_weights import touch_weight

#: Profiles or items read at once when what is kept in memory is filled at a start.
FILL: Final = 1_000
#: Changes after which nothing of these accounts may be left.
_LEAVES_NOTHING: Final = frozenset({"erase", "expire"})


class BehaviourSink(Protocol):
    """The part of `ranking.live.LiveRanker` that is told."""

    def put_items(self, titles: Mapping[str, str]) -> None:
        """Say what items are called, by key."""

    def remove_items(self, keys: Sequence[str]) -> None:
        """Leave no reference to these items."""

    def observe(self, touches: Sequence[Touch]) -> None:
        """Take in what people took to, in any order, each once."""

    def link(self, people: Iterable[Sequence[str]]) -> None:
        """Say which accounts are one person from now on: those of each, and no others."""

    def forget(self, accounts: Sequence[str]) -> None:
        """Leave no reference to these accounts."""

    def clear(self) -> None:
        """Forget what everybody did; items stay."""


class BehaviourFeed:
    """Tells a ranker, in memory, of every change.

    It begins cold and hears nothing; `fill` brings it up to what the local views hold, and from then on it is told as
    things change. What changes while it is being filled waits and comes after: of that, the batch in flight when the
    filling began may be told twice. recommend_default: while nobody said anything, see `why_nothing_personal`.
    """

    def __init__(self, ranker: BehaviourSink, recommend_default: bool = True) -> None:
        self._ranker = ranker
        self._recommend_default = recommend_default
        self._lock = RLock()
        self._is_told = False
        self._waiting: list[Callable[[], None]] | None = None

    def fill(self, items: Iterable[tuple[str, ItemRecord]], profiles: Iterable[ProfileRecord]) -> None:
        """Everything there is. Iterables of a view must not see what is written after their first step."""
        records, everybody = iter(items), iter(profiles)
        with self._lock:
            self._waiting = []
            read, known = dict(islice(records, FILL)), list(islice(everybody, FILL))
        while read:
            self._put(read, ())
            read = dict(islice(records, FILL))
        while known:
            willing = [profile for profile in known if not self._refuses(profile)]
            self._observe([touch for profile in willing for touch in _touches(profile, likes_of(profile))])
            self._ranker.link([_accounts_of(profile) for profile in willing if _is_linked(profile)])
            known = list(islice(everybody, FILL))
        with self._lock:
            for change in self._waiting:
                change()
            self._waiting, self._is_told = None, True

    def items_changed(self, kept: Mapping[str, ItemRecord], gone: Sequence[str]) -> None:
        """Items by key as they are now, and keys of those that are no more."""
        self._hear(lambda: self._put(kept, gone))

    def profiles_changed(self, changes: Sequence[tuple[ProfileRecord | None, ProfileRecord | None]]) -> None:
        """Each first record of a pair gave way to the second; None is nobody."""
        self._hear(lambda: self._follow(changes))

    def clear(self) -> None:
        """Everybody is going to be told anew."""
        self._hear(self._ranker.clear)

    def _hear(self, change: Callable[[], None]) -> None:
        with self._lock:
            if self._is_told:
                change()
            elif self._waiting is not None:
                self._waiting.append(change)

    def _put(self, kept: Mapping[str, ItemRecord], gone: Sequence[str]) -> None:
        if kept:
            self._ranker.put_items({key: _words(record) for key, record in kept.items()})
        if gone:
            self._ranker.remove_items(gone)

    def _follow(self, changes: Sequence[tuple[ProfileRecord | None, ProfileRecord | None]]) -> None:
        touches: list[Touch] = []
        people: list[Sequence[str]] = []
        forgotten: list[str] = []
        for before, after in changes:
            if after is None:
                continue
            if _is_linked(before) or _is_linked(after):
                people.append(_accounts_of(after))
            if after.change.kind in _LEAVES_NOTHING and before is not None:
                forgotten += _accounts_of(before)
            elif self._refuses(after):
                forgotten += _accounts_of(after)
            elif before is not None and self._refuses(before):  # allowed again: what there is of it
                touches += _touches(after, likes_of(after))
            else:
                touches += _touches(after, new_likes(before, after))
        self._observe(touches)
        if people:
            self._ranker.link(people)
        if forgotten:
            self._ranker.forget(forgotten)

    def _refuses(self, profile: ProfileRecord) -> bool:
        return bool(why_nothing_personal(profile, self._recommend_default))

    def _observe(self, touches: list[Touch]) -> None:
        if touches:
            self._ranker.observe(sorted(touches, key=_time_and_item))


def _accounts_of(profile: ProfileRecord) -> list[str]:
    return [account.account for account in profile.identity.accounts]


def _is_linked(profile: ProfileRecord | None) -> bool:
    return profile is not None and len(profile.identity.accounts) > 1


def likes_of(profile: ProfileRecord) -> list[RecentEvent]:
    """What the person took to lately."""
    return [event for event in profile.recent if event.item and event.weight > 0.0]


def new_likes(before: ProfileRecord | None, after: ProfileRecord) -> list[RecentEvent]:
    """What of it this revision brought. Merges and splits only move events that were told before."""
    if after.change.kind != "update":
        return []
    known = {event.id for event in before.recent} if before is not None else set()
    return [event for event in likes_of(after) if event.id not in known]


def _touches(profile: ProfileRecord, likes: Sequence[RecentEvent]) -> list[Touch]:
    """Of several accounts on one platform the first stands for all: an event does not say whose it was."""
    account_on = {account.platform: account.account for account in reversed(profile.identity.accounts)}
    return [
        Touch(account_on[event.platform], event.item, event.time, touch_weight(event.weight))
        for event in likes
        if event.platform in account_on
    ]


def _words(record: ItemRecord) -> str:
    item = record.item
    return " ".join(part for part in (item.title, item.brand, item.category, *item.tags) if part)


def _time_and_item(touch: Touch) -> tuple[float, str]:
    return touch.at_s, touch.item
