"""Whether the words around a name that means several things speak for one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from streams.meaning.names import fold

#: Characters looked at on either side of a name.
NEAR_CHARS: Final = 40
#: The longest word right before a name.
ADJACENT_CHARS: Final = 24


@dataclass(frozen=True, slots=True)
class Context:
    """Folded words: `after` which the name stands, `before` which it stands; `beside` and `against` are near it."""

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    def speaks(self, folded: str, start: int, end: int) -> bool | None:
        """True for, False against, None neither. What stands right beside the name decides before what is near.

        >>> context = Context(after=("in",), beside=("flight",), against=("roast",))
        >>> text = "roast turkey in turkey"
        >>> context.speaks(text, 16, 22), context.speaks(text, 6, 12), context.speaks("turkey", 0, 6)
        (True, False, None)
        """
        if self.after and _any_last(self.after).search(folded, max(0, start - ADJACENT_CHARS), start):
            return True
        if self.before and _any_first(self.before).match(folded, end):
            return True
        near = f"{folded[max(0, start - NEAR_CHARS) : start]} \0 {folded[end : end + NEAR_CHARS]}"
        if self.against and _any(self.against).search(near):
            return False
        return True if self.beside and _any(self.beside).search(near) else None


def context_of(
    after: Sequence[str], before: Sequence[str], beside: Sequence[str], against: Sequence[str]
) -> Context | None:
    """The context of these words as people write them; None without any."""
    parts = tuple(tuple(dict.fromkeys(map(fold, words))) for words in (after, before, beside, against))
    return Context(*parts) if any(parts) else None


def _words(words: tuple[str, ...]) -> str:
    """Whole words where a script has spaces, anywhere where it has none."""
    latin = [re.escape(word) for word in words if word.isascii()]
    other = [re.escape(word) for word in words if not word.isascii()]
    parts = [rf"(?<![a-z])(?:{'|'.join(latin)})(?![a-z])"] if latin else []
    return "|".join(parts + other)


@lru_cache(maxsize=256)
def _any(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_words(words))


@lru_cache(maxsize=256)
def _any_first(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\s?(?:{_words(words)})")


@lru_cache(maxsize=256)
def _any_last(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{_words(words)})\s?$")
