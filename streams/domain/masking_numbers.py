"""Numbers as people write them: runs of digits with separators, cut into windows of whole groups.

A window is judged by rules (`masking_phones`, `masking_checks`); nothing here knows what a number means. Digits and
separators are disjoint and a window has at most `MAX_GROUPS` groups, so the work is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from streams.domain.masking_view import Span

MIN_DIGITS: Final = 7
MAX_DIGITS: Final = 20
MAX_GROUPS: Final = 7
MAX_LISTED_DIGITS: Final = 4
BEFORE_CHARS: Final = 32
AFTER_CHARS: Final = 12

# A last X is the check digit of a Chinese resident id.
_RUN = re.compile(r"[0-9](?:[\W_]{0,3}[0-9])*(?:[\W_]?[Xx](?![0-9A-Za-z]))?")
#: Digits of what is written in four or five groups without a trunk zero or country code: mobiles, cards, ids.
_MANY_GROUPS: Final = frozenset({11, 13, 15, 16, 17, 18, 19})
_DIALLED = re.compile(r"\+[ (]{0,2}[0-9]+\Z|(?<![0-9])86\Z")
_PLUS = re.compile(r"\+ {0,2}\Z")
_GROUP = re.compile(r"[0-9]+[Xx]?|[Xx]")
_GLUED = re.compile(r"[A-Za-z0-9][-_]?\Z|[0-9][.,]\Z")
_GLUED_AFTER = re.compile(r"[-_]?[a-z]")
_PLAIN_JOINT = re.compile(r" ?[-\u2010-\u2015\u2212.·•*~/] ?| ?[()] ?|\) ?[-(]|[ \t\n]{1,3}")


@dataclass(frozen=True)
class Number:
    """Groups of digits that may be one number, and what stands around them.

    groups: digits as written, the last may end in X. joints: what stands between them. before, after: up to 32 and 12
    characters around, in lower case. before_joint, after_joint: what stands between the window and a further group of
    the run, empty at its ends.
    """

    groups: tuple[str, ...]
    joints: tuple[str, ...]
    before: str
    after: str
    before_joint: str
    after_joint: str

    @cached_property
    def digits(self) -> str:
        """All digits, an X in upper case."""
        return "".join(self.groups).upper()

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Digits by group."""
        return tuple(map(len, self.groups))

    @cached_property
    def is_uniform(self) -> bool:
        """All joints are the same."""
        return len(set(self.joints)) <= 1

    @property
    def is_led(self) -> bool:
        """The same joint leads here from a group before: part of a list."""
        return bool(self.joints) and self.joints[0] == self.before_joint

    @property
    def is_listed(self) -> bool:
        """The same joint leads here or goes on."""
        return self.is_led or (bool(self.joints) and self.joints[0] == self.after_joint)

    @cached_property
    def is_spelt(self) -> bool:
        """Digit by digit with one and the same joint, whatever that is."""
        return len(self.groups) >= MIN_DIGITS and set(self.sizes) == {1} and self.is_uniform

    @cached_property
    def is_plain(self) -> bool:
        """Written as numbers are: in groups of two and more, joined by space, dash, dot or the like; or spelt."""
        return self.is_spelt or (min(self.sizes) >= 2 and self.has_plain_joints)

    @cached_property
    def has_plain_joints(self) -> bool:
        """Joints are spaces, dashes, dots, slashes, brackets."""
        return all(_PLAIN_JOINT.fullmatch(joint) for joint in self.joints)

    @cached_property
    def is_glued(self) -> bool:
        """Hangs on to a word, as in SKU-1380 or a1380, or on a decimal point."""
        return _GLUED.search(self.before[-2:]) is not None or _GLUED_AFTER.match(self.after) is not None


def find_numbers(view: str, judge: Callable[[Number], str | None]) -> Iterator[tuple[str, Span]]:
    """What `judge` calls by a name: longest window first, from the left, none overlapping."""
    for run in _RUN.finditer(view):
        if run.end() - run.start() < MIN_DIGITS:
            continue
        groups = [group.span() for group in _GROUP.finditer(view, run.start(), run.end())]
        first = 0
        while first < len(groups):
            if _is_amid(view, groups, first):
                first += 1
                continue
            for last in _ends(view, groups, first):
                number = _number(view, groups, first, last)
                kind = judge(number)
                if kind is not None:
                    yield kind, (_start(view, groups[first][0], number), groups[last - 1][1])
                    first = last
                    break
            else:
                first += 1


def _is_amid(view: str, groups: list[Span], first: int) -> bool:
    """Inside a list of short groups of one size and one joint (12 34 56 ...): no number begins there.

    Without this, lists would cost a judgement a group and more.
    """
    if not 0 < first < len(groups) - 1:
        return False
    (a, b), (c, d), (e, f) = groups[first - 1 : first + 2]
    return b - a == d - c == f - e <= MAX_LISTED_DIGITS and view[b:c] == view[d:e]


def _ends(view: str, groups: list[Span], first: int) -> Iterator[int]:
    """Where a window from `first` may end (exclusive), longest first."""
    single = first
    if first == 0 or _size(groups[first - 1]) > 1:
        while single < len(groups) and single - first <= MAX_DIGITS and _size(groups[single]) == 1:
            single += 1
    if MIN_DIGITS <= single - first <= MAX_DIGITS:
        yield single
    is_dialled = view[groups[first][0]] == "0" or _DIALLED.search(view, max(0, groups[first][0] - 3), groups[first][1])
    total, ends = 0, list[int]()
    for last in range(first, min(first + MAX_GROUPS, len(groups))):
        total += _size(groups[last])
        if total > MAX_DIGITS:
            break
        n_groups = last + 1 - first
        if total >= MIN_DIGITS and (is_dialled or n_groups <= 3 or (n_groups <= 5 and total in _MANY_GROUPS)):
            ends.append(last + 1)
    yield from reversed(ends)


def _number(view: str, groups: list[Span], first: int, last: int) -> Number:
    window = groups[first:last]
    start, end = window[0][0], window[-1][1]
    joints = tuple(view[a[1] : b[0]] for a, b in pairwise(window))
    return Number(
        groups=tuple(view[a:b] for a, b in window),
        joints=joints,
        before=view[max(0, start - BEFORE_CHARS) : start].lower(),
        after=view[end : end + AFTER_CHARS].lower(),
        before_joint=view[groups[first - 1][1] : start] if first else "",
        after_joint=view[end : groups[last][0]] if last < len(groups) else "",
    )


def _start(view: str, start: int, number: Number) -> int:
    """The sign of a country code and an opening bracket belong to the number."""
    if start and view[start - 1] == "(" and any(")" in joint for joint in number.joints):
        start -= 1
    plus = _PLUS.search(view, max(0, start - 3), start)
    return plus.start() if plus is not None else start


def _size(span: Span) -> int:
    return span[1] - span[0]
