"""What was answered lately, to whom, and what became of it: a bounded memory that turns feedback into lessons.

A list is kept for a day with what each source said of its items. Feedback meets the person's latest list that held the
item. Guards: a list teaches once a kind of feedback, an account a bounded number of times a day.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import DAY_S

Kind = Literal["clicked", "liked", "bought", "dismissed"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
#: Where a person's list begins and nobody says how much of it was shown: a page. Only what stands above a taken item
#: would not do: whatever was taken would then be the last of its list, and every score would seem wrong.
PAGE: Final = 10


@dataclass(frozen=True)
class Answer:
    """A list as it was answered, best first. accounts: of the person. sources: by item, see `ranking.blend`."""

    accounts: Sequence[str]
    platform: str
    at_s: float
    items: Sequence[str]
    sources: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Feedback:
    """Somebody took to an item or refused it. accounts: of the person, first the one that did it.

    weight: in (0, 1], how much it says, 1 for a review or a purchase.
    """

    accounts: Sequence[str]
    item: str
    kind: Kind
    at_s: float
    weight: float = 1.0


@dataclass(frozen=True)
class Shown:
    """A person was shown so many more items of a list on a platform; from its top, as nobody says which."""

    accounts: Sequence[str]
    platform: str
    n: int
    at_s: float


@dataclass(frozen=True)
class Lesson:
    """sources: float32 (N, S) of the items that were shown, place: of the one that it is about."""

    platform: str
    sources: NDArray[np.float32]
    place: int


@dataclass(frozen=True)
class MemoryBounds:
    """max_lists, lists_an_account: the oldest go. places: kept of a list, from its top. kept_s: how long it is kept.

    lessons_a_day: of one account, by day of the feedback.
    """

    max_lists: int = 20_000
    lists_an_account: int = 20
    places: int = 50
    kept_s: float = DAY_S
    lessons_a_day: int = 20


@dataclass
class _Served:
    """A kept list. n_shown: 0 while nobody said; taught: kinds of feedback that it taught by."""

    answer: Answer
    sources: NDArray[np.float32]
    n_shown: int = 0
    taught: set[Kind] = field(default_factory=set)


class ServedLists:
    """One writer. Deterministic for the same calls."""

    def __init__(self, bounds: MemoryBounds | None = None) -> None:
        self._bounds = bounds or MemoryBounds()
        self._lists: OrderedDict[int, _Served] = OrderedDict()
        self._of: dict[str, list[int]] = {}  # by account, oldest first
        self._lessons: OrderedDict[str, tuple[int, int]] = OrderedDict()  # by account: day, lessons on it
        self._next = 0

    def __len__(self) -> int:
        return len(self._lists)

    def keep(self, answer: Answer) -> None:
        """Remember what was answered; a list of one says nothing."""
        self._expire(answer.at_s)
        if len(answer.items) < 2 or not answer.accounts:
            return
        n = self._bounds.places
        # As tuples and one array: a list is kept for a day, and thousands of them.
        kept = Answer(tuple(dict.fromkeys(answer.accounts)), answer.platform, answer.at_s, tuple(answer.items[:n]), ())
        self._lists[self._next] = _Served(kept, np.array(answer.sources[:n], np.float32))
        for account in kept.accounts:
            numbers = self._of.setdefault(account, [])
            numbers.append(self._next)
            if len(numbers) > self._bounds.lists_an_account:
                self._drop(numbers[0])
        self._next += 1
        while len(self._lists) > self._bounds.max_lists:
            self._drop(next(iter(self._lists)))

    def show(self, shown: Shown) -> bool:
        """Whether there is a list that it may have been of: the person's latest on the platform."""
        for served in self._lately(shown.accounts, shown.at_s):
            if served.answer.platform == shown.platform:
                served.n_shown = min(served.n_shown + max(shown.n, 0), len(served.answer.items))
                return True
        return False

    def lesson(self, said: Feedback) -> Lesson | None:
        """What it teaches; None where nothing was answered that it is about, or the guards hold it back."""
        for served in self._lately(said.accounts, said.at_s):
            if said.item in served.answer.items:
                return self._taught(served, said)
        return None

    def forget(self, accounts: Collection[str]) -> None:
        """Leave no reference to these accounts."""
        for account in accounts:
            for number in list(self._of.get(account, ())):
                self._drop(number)
            self._lessons.pop(account, None)

    def clear(self) -> None:
        """Forget every list. What accounts taught today stays counted."""
        self._lists.clear()
        self._of.clear()

    def _taught(self, served: _Served, said: Feedback) -> Lesson | None:
        if said.kind in served.taught or not self._has_room(said.accounts[0], said.at_s):
            return None
        served.taught.add(said.kind)
        place = served.answer.items.index(said.item)
        n_shown = max(served.n_shown or PAGE, place + 1)
        return Lesson(served.answer.platform, served.sources[:n_shown], place)

    def _lately(self, accounts: Sequence[str], at_s: float) -> list[_Served]:
        """The person's lists that were answered before, latest first."""
        numbers = sorted({number for account in accounts for number in self._of.get(account, ())}, reverse=True)
        found = [self._lists[number] for number in numbers]
        return [served for served in found if 0.0 <= at_s - served.answer.at_s <= self._bounds.kept_s]

    def _has_room(self, account: str, at_s: float) -> bool:
        """Count a lesson of the account; feedback of an earlier day counts to the latest, which nothing begins anew."""
        day, n = self._lessons.get(account, (0, 0))
        today = int(at_s // DAY_S)
        if today > day:
            day, n = today, 0
        if n >= self._bounds.lessons_a_day:
            return False
        self._lessons[account] = (day, n + 1)
        self._lessons.move_to_end(account)
        if len(self._lessons) > self._bounds.max_lists:
            self._lessons.popitem(last=False)
        return True

    def _expire(self, now_s: float) -> None:
        while self._lists:
            number, served = next(iter(self._lists.items()))
            if now_s - served.answer.at_s <= self._bounds.kept_s:
                return
            self._drop(number)

    def _drop(self, number: int) -> None:
        served = self._lists.pop(number)
        for account in served.answer.accounts:
            numbers = self._of[account]
            numbers.remove(number)
            if not numbers:
                del self._of[account]
