"""What is said about the person behind an account: declared traits, the newest word of each name.

The newest event time wins, whatever the order of arrival. At the same time a word that takes the trait back wins, as a
refusal does, else the last one by kind and spelling. A word that takes back is kept like any other, so that an older
one that comes late changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from streams.domain.events import TraitValue
from streams.domain.latest import latest
from streams.domain.sensitive import SensitiveTags

#: Names kept of an account, the latest: four times those that the gate lets pass by default.
MAX_TRAITS: Final = 36


class Declared(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A trait as the account said it. value: None where it took it back. at_s: event time, UTC seconds."""

    value: TraitValue | None
    at_s: float

    def is_newer_than(self, other: Declared) -> bool:
        """Whether this word holds beside the other one; a total order, so that words come in any order."""
        return (self.at_s, *_rank(self.value)) > (other.at_s, *_rank(other.value))


def declare(
    held: dict[str, Declared], said: Mapping[str, TraitValue | None], at_s: float, sensitive: SensitiveTags | None
) -> dict[str, Declared]:
    """The traits with what one event said; `held` may be changed.

    A trait of a sensitive name is not kept. A sensitive value is kept as taken back: what it was before holds no more.

    >>> declare({}, {"gender": "f", "religion": "x"}, 5.0, SensitiveTags(["religion"]))
    {'gender': Declared(value='f', at_s=5.0)}
    """
    for name, value in said.items():
        if sensitive is not None and sensitive.says(name):
            continue
        if sensitive is not None and isinstance(value, str) and sensitive.says(value):
            value = None  # noqa: PLW2901
        word, known = Declared(value, at_s), held.get(name)
        if known is None or word.is_newer_than(known):
            held[name] = word
    return latest(held, MAX_TRAITS)


def _rank(value: TraitValue | None) -> tuple[bool, str, str]:
    return value is None, type(value).__name__, str(value)
