"""Where one opinion ends and the next begins: the clauses of a text, and which of its mentions each speaks of.

A clause ends at punctuation and at words that turn (but, 但是). One that names two things is cut between them where
each has something said of it: "great phone and slow courier", 手机很好快递太慢; not in "the phone and the case",
手机的屏幕.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from streams.domain.readings import Mention
from streams.meaning.names import HAN, is_han

#: A text without an end is cut off; what comes later is not judged.
MAX_CLAUSES: Final = 24

# Three patterns for one question: each begins with a fixed set of characters, which the engine skips to, and the last
# two run only where they can find something. In one alternation they took three times as long.
_STOPS: Final = re.compile(r"[,，。;；!！?？、\n~～…–—.]+")
_TURNS_EN: Final = (
    "but", "however", "although", "though", "yet", "while", "whereas", "except that", "even though", "-",
)  # fmt: skip
_TURN_EN: Final = re.compile(rf"\s(?:{'|'.join(_TURNS_EN)})(?=\s)", re.IGNORECASE)
_TURN_ZH: Final = re.compile(rf"但是|但|不过|可是|然而|就是(?!说)|只是|可惜|除了|\s+(?<=[{HAN}]\s)(?=[{HAN}])")
_AND: Final = re.compile(r"\s(?:and|with|plus|&|or|then)\s")
_LETTERS: Final = re.compile(r"[A-Za-z']+")
#: Words that say nothing about what stands beside them.
_EMPTY: Final = frozenset(
    "the a an my this that these those it its his her our your their i we you he she they is are was were be been am"  # noqa: SIM905
    " of to for in on at from both all some and or with too also so as by has had have new old one ones".split()
)
#: After these a Chinese name still belongs to what was said before it, or begins what is said after it.
_JOINED: Final = (
    "的",
    "和",
    "与",
    "跟",
    "及",
    "把",
    "给",
    "在",
    "对",
    "比",
    "让",
    "用",
    "是",
    "买",
    "从",
    "到",
    "有",
    "没有",
    "连",
    "包括",
)
_COMPARED_EN: Final = re.compile(
    r"(?:\bthan|\bcompared (?:to|with)|\bunlike)(?: (?:the|a|an|my|our|any|other|old|previous|that|this))*\s*$",
    re.IGNORECASE,
)
_COMPARED_ZH: Final = re.compile(r"(?:比|相比|不如)(?:我的|之前的|以前的|上次的|那个|其他)?$")
_COMPARING: Final = ("than", "ompared", "nlike", "比", "不如")


@dataclass(frozen=True, slots=True)
class Clause:
    """Characters start to end of a text, and the numbers of the mentions that it speaks of."""

    start: int
    end: int
    mentions: tuple[int, ...] = ()


def clauses_of(text: str, mentions: Sequence[Mention]) -> list[Clause]:
    """At most 24 clauses in order, blank ones left out. mentions: by place.

    >>> phone, courier = Mention("product", 10, 15, "phone", 1.0), Mention("aspect", 26, 33, "courier", 1.0)
    >>> clauses_of("loves the phone and hates courier", [phone, courier])
    [Clause(start=0, end=15, mentions=(0,)), Clause(start=20, end=33, mentions=(1,))]
    """
    clauses: list[Clause] = []
    start = first = 0
    for at, after in (*_breaks(text), (len(text), len(text))):
        last = first
        while last < len(mentions) and mentions[last].end <= at:
            last += 1
        if last < len(mentions) and mentions[last].start < at:
            continue  # a break inside a name (Dr. Phil) is none
        said = text[start:at]
        if said and not said.isspace():
            begin, end = start + len(said) - len(said.lstrip()), at - len(said) + len(said.rstrip())
            numbers = tuple(range(first, last))
            clauses += (
                [Clause(begin, end, numbers)] if last - first < 2 else _parted(text, begin, end, numbers, mentions)
            )
        first, start = last, max(start, after)
        if len(clauses) >= MAX_CLAUSES:
            break
    return clauses[:MAX_CLAUSES]


def may_compare(text: str) -> bool:
    """Whether something may be compared at all; a glance that most texts do not pass."""
    return any(word in text for word in _COMPARING)


def is_compared(text: str, mention: Mention) -> bool:
    """Whether something else is measured by what is named: "better than the Samsung", 比华为好."""
    before = text[max(0, mention.start - 32) : mention.start]
    pattern = _COMPARED_ZH if before and is_han(before[-1]) else _COMPARED_EN
    return pattern.search(before) is not None


def _breaks(text: str) -> list[tuple[int, int]]:
    """Where one clause ends and the next begins: (start, end) of what is between, in order."""
    breaks = [found.span() for found in _STOPS.finditer(text) if found[0] != "." or _is_full_stop(text, found.start())]
    n_stops, lower = len(breaks), text.lower()
    if any(f" {turn} " in lower for turn in _TURNS_EN):
        breaks += [found.span() for found in _TURN_EN.finditer(text)]
    if not text.isascii():
        breaks += [found.span() for found in _TURN_ZH.finditer(text)]
    if len(breaks) > n_stops:
        breaks.sort()
    return breaks


def _is_full_stop(text: str, at: int) -> bool:
    """Whether a dot ends a sentence: not in 3.5, J.K. or amazon.com."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return not (before.isdigit() or before.isupper()) and (
        not after or after.isspace() or after.isupper() or is_han(after)
    )


def _parted(text: str, start: int, end: int, inside: Sequence[int], mentions: Sequence[Mention]) -> Iterator[Clause]:
    """A stretch that names several things, cut where each side says something of its own."""
    first, group = start, [inside[0]]
    for number in inside[1:]:
        left, right = mentions[group[-1]], mentions[number]
        cut = _cut(text, first, end, left, right)
        if cut is None:
            group.append(number)
            continue
        yield Clause(first, cut[0], tuple(group))
        first, group = cut[1], [number]
    yield Clause(first, end, tuple(group))


def _cut(text: str, start: int, end: int, left: Mention, right: Mention) -> tuple[int, int] | None:
    """(end of the left part, start of the right one), or None where the two are spoken of together."""
    between = text[left.end : right.start]
    if between and any(map(is_han, between)):
        said = between.strip()
        return (right.start, right.start) if len(said) > 1 and not said.endswith(_JOINED) else None
    conjunction = _AND.search(f"{between}\0".replace("\0", " "))
    if conjunction is None:
        return None
    cut, then = left.end + conjunction.start(), left.end + conjunction.end()
    has_left = _says_more(text[start : left.start]) or _says_more(text[left.end : cut])
    has_right = _says_more(text[then : right.start]) or _says_more(text[right.end : end])
    return (cut, then) if has_left and has_right else None


def _says_more(words: str) -> bool:
    return any(word not in _EMPTY for word in _LETTERS.findall(words.lower()))
