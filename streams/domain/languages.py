"""Which language a person takes to: decayed weight by the language of the items, told only when it is clear.

The one trait that Braid infers. The sums add and age with the account's tags, in units of its tag_scale; what a person
dislikes or gives back says nothing about what they read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from streams.domain.heaviest import heaviest

#: Four parts of five: whoever lives in two languages is told to have none.
MIN_CONFIDENCE: Final = 0.8
#: Events that speak for it: fewer may be one thing looked at again and again.
MIN_SUPPORT: Final = 5
#: Kept of an account, the heaviest.
MAX_LANGUAGES: Final = 8
#: Spellings whose code is remembered: every event of an item brings its language again.
REMEMBERED: Final = 1_024
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8}){0,7}", re.ASCII | re.IGNORECASE)


class LanguageState(msgspec.Struct, array_like=True, gc=False):
    """A decayed sum of weights above 0, in units of the account's tag_scale. support: events. last_s: the latest."""

    mass: float
    support: int
    last_s: float


class LanguageShare(NamedTuple):
    """An account's languages and what one unit of them counts in the unified view."""

    languages: Mapping[str, LanguageState]
    scale: float


class Spoken(NamedTuple):
    """A language that is clear enough. confidence: its part of all weight. last_s: of the latest event for it."""

    code: str
    confidence: float
    last_s: float


@lru_cache(REMEMBERED)
def code_of(words: str) -> str:
    """The language of a tag of BCP 47, empty for what is none.

    >>> code_of("zh-Hans-CN"), code_of("EN_us"), code_of("english")
    ('zh', 'en', '')
    """
    found = _CODE.fullmatch(words)
    return found[1].lower() if found else ""


def take_to(held: dict[str, LanguageState], words: str, weight: float, at_s: float) -> dict[str, LanguageState]:
    """The languages with one more event for an item of a language; `held` may be changed. weight: above 0."""
    code = code_of(words)
    if not code:
        return held
    known = held.get(code)
    if known is None:
        held[code] = LanguageState(weight, 1, at_s)
        return heaviest(held, MAX_LANGUAGES)
    known.mass += weight
    known.support += 1
    known.last_s = max(known.last_s, at_s)
    return held


def spoken_by(shares: Sequence[LanguageShare]) -> Spoken | None:
    """The language that a person's accounts take to together; None where none is clear.

    >>> spoken_by([LanguageShare({"en": LanguageState(9.0, 6, 5.0), "fr": LanguageState(1.0, 1, 6.0)}, 1.0)])
    Spoken(code='en', confidence=0.9, last_s=5.0)
    """
    summed = shares[0].languages if len(shares) == 1 else _summed(shares)  # a scale changes no part of the whole
    total = sum([state.mass for state in summed.values()])
    for code, state in summed.items():
        if state.mass >= MIN_CONFIDENCE * total > 0.0:  # more than half: there is no other
            if state.support < MIN_SUPPORT:
                return None
            return Spoken(code, round(state.mass / total, 6), state.last_s)
    return None


def _summed(shares: Sequence[LanguageShare]) -> dict[str, LanguageState]:
    summed: dict[str, LanguageState] = {}
    for languages, scale in shares:
        for code, state in languages.items():
            known = summed.setdefault(code, LanguageState(0.0, 0, state.last_s))
            known.mass += state.mass * scale
            known.support += state.support
            known.last_s = max(known.last_s, state.last_s)
    return summed
