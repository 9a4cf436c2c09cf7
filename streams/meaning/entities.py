"""What a text names: brands, products, colours, people, places, and the aspects that people judge; zh and en.

Three sources: lists that ship and may be extended (`lexicons`), also by the names of the catalogue's items,
and patterns (people by their roles, models behind a brand, works in 《》). Of overlapping names the longest wins.
Precision comes first: a word that means several things is left out unless the words around it, its spelling or the item
that the text is about speak for one meaning. The confidence is a band by the kind of evidence; docs/meaning.md says how
often each was right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

from streams.domain.events import Item
from streams.domain.readings import Mention, MentionKind
from streams.meaning.capitals import goes_on_in_capitals, is_in_title_case, is_written_as_name
from streams.meaning.catalogue_names import Names, item_names
from streams.meaning.lexicons import COMMON, DECOY, Form, Lexicons
from streams.meaning.names import Found, NameIndex, Units, fold, is_han, units_of
from streams.meaning.people import PeopleFinder
from streams.meaning.product_models import with_model

#: The item that the text is about bears this name.
OF_THE_ITEM: Final = 0.97
#: A list says so, and the form means nothing else.
LISTED: Final = 0.9
#: A form of several meanings in company that speaks for this one; a work in 《》.
IN_CONTEXT: Final = 0.85
#: Some item of the catalogue bears this name.
CATALOGUED: Final = 0.8
#: An ordinary word, or one of several meanings, that is written as a name.
AS_WRITTEN: Final = 0.65
MAX_MENTIONS: Final = 32
#: What overlaps is settled among so many, whatever a text repeats.
MAX_FOUND: Final = 128
#: Names of so few letters are read only as they are spelt: HP, LG, US.
SHORT_CHARS: Final = 4

_WORK: Final = re.compile(r"《([^《》]{1,40})》")
_WHERE: Final = re.compile(r"(?i:\b(?:in|to|from|near|across|around|visit|visited|visiting|through)(?: the)?\s)$")
_WHERE_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as it is looked at. own: names of the item that it is about, by their folded spelling."""

    text: str
    folded: str
    in_title_case: bool
    own: dict[str, Names]

    def is_name(self, start: int, end: int) -> bool:
        return not self.in_title_case and is_written_as_name(self.text, start, end)


class EntityFinder:
    """Finds what texts name. Immutable."""

    def __init__(self, lexicons: Lexicons) -> None:
        self._index = NameIndex[Form]()
        for form in lexicons.forms:
            self._index.add(form.form, form)
        self._ordinary = lexicons.ordinary
        self._people = PeopleFinder(lexicons.people, lexicons.ordinary)

    def find(self, text: str, item: Item | None = None, units: Units | None = None) -> tuple[Mention, ...]:
        """At most 32 mentions by place, none overlapping. item: what the text is about, whose names are believed.

        units: `names.units_of` the folded text, where they are known.
        """
        folded = fold(text)
        seen = _Text(text, folded, is_in_title_case(text), {} if item is None else _by_spelling(item_names(item)))
        found: list[Mention] = []
        blocked: list[tuple[int, int]] = []
        for each in self._index.find(folded, units_of(folded) if units is None else units):
            if each.senses[0].kind == DECOY or (len(each.senses) > 1 and any(map(_is_decoy, each.senses))):
                blocked.append((each.start, each.end))
            elif (mention := self._meant(seen, each)) is not None:
                is_line = mention.kind == "product" and any(map(_is_proper, each.senses))
                found += with_model(text, mention, is_line=is_line)
        found += _works(text)
        people = self._people.find(text, in_title_case=seen.in_title_case)
        found += (person for person in people if not _touches(person, blocked))
        found += self._of_item(seen)
        return _without_overlaps(found[:MAX_FOUND])

    def _meant(self, seen: _Text, found: Found[Form]) -> Mention | None:
        """The likeliest meaning, or None where none is likely enough."""
        start, end, senses = found
        best: Form | None = None
        best_confidence = 0.0
        for form in senses:
            confidence = self._confidence(seen, start, end, form)
            # What the words around speak for beats what is merely listed: 苹果手表 is no fruit.
            if confidence and (best is None or (_is_tied(form), confidence) > (_is_tied(best), best_confidence)):
                best, best_confidence = form, confidence
        for kind, name in seen.own.get(seen.folded[start:end], ()):
            if not self._is_mere_word(seen, start, end, kind):
                known = best.name if best is not None and best.kind == kind else name.lower()
                return Mention(kind, start, end, known, OF_THE_ITEM)
        return None if best is None else Mention(cast("MentionKind", best.kind), start, end, best.name, best_confidence)

    def _confidence(self, seen: _Text, start: int, end: int, form: Form) -> float:
        """How sure it is that this form means its thing here; 0 where it is not sure enough to be said."""
        if form.context is not None:
            # Everyday words are met so often that their company is not worth asking for.
            if seen.text[start].islower() and form.kind == "brand" and seen.folded[start:end] in self._ordinary:
                return 0.0
            speaks = form.context.speaks(seen.folded, start, end)
            if speaks:
                return IN_CONTEXT
            return AS_WRITTEN if speaks is None and form.kind == "brand" and seen.is_name(start, end) else 0.0
        sure = CATALOGUED if form.in_catalogue else LISTED
        if form.kind == "color":
            return _color_confidence(seen, start, end, sure)
        if form.kind in COMMON or not form.form.isascii():
            return sure
        return self._name_confidence(seen, start, end, form)

    def _name_confidence(self, seen: _Text, start: int, end: int, form: Form) -> float:
        """Of a brand, person or place in Latin letters, where capitals tell names from words."""
        text, spelt = seen.text, form.form
        if len(spelt) <= SHORT_CHARS and (
            text[start - 1 : start].isdigit() or (spelt.isupper() and text[start:end] != spelt)
        ):
            return 0.0
        is_small = text[start].islower()
        if form.kind == "place" and (seen.in_title_case or is_small) and not _is_somewhere(text, start):
            return 0.0
        if fold(spelt) in self._ordinary or (len(spelt) < SHORT_CHARS and form.in_catalogue):
            return AS_WRITTEN if seen.is_name(start, end) else 0.0
        if is_small and spelt[0].isupper():
            if form.kind != "brand":
                return AS_WRITTEN if text.islower() or " " in spelt else 0.0
            return AS_WRITTEN if form.in_catalogue else IN_CONTEXT
        return CATALOGUED if form.in_catalogue else LISTED

    def _of_item(self, seen: _Text) -> Iterator[Mention]:
        """Names of the text's item at their first place; no list need know them."""
        for spelling, names in seen.own.items():
            start = seen.folded.find(spelling)
            end, kind = start + len(spelling), names[0][0]
            if start >= 0 and _stands_alone(seen.folded, start, end) and not self._is_mere_word(seen, start, end, kind):
                yield Mention(kind, start, end, names[0][1].lower(), OF_THE_ITEM)

    def _is_mere_word(self, seen: _Text, start: int, end: int, kind: MentionKind) -> bool:
        """Whether the item's brand or maker is spelt like an ordinary word and written like one: "simple to use"."""
        return kind not in COMMON and seen.folded[start:end] in self._ordinary and not seen.is_name(start, end)


def _works(text: str) -> list[Mention]:
    """Works between the marks that Chinese has for them."""
    if "《" not in text:
        return []
    return [
        Mention("product", work.start(), work.end(), work[1].strip().lower(), IN_CONTEXT)
        for work in _WORK.finditer(text)
    ]


def _is_somewhere(text: str, start: int) -> bool:
    """Whether a word of place stands before: made in USA, not L'Oreal Paris."""
    return _WHERE.search(text, max(0, start - _WHERE_CHARS), start) is not None


def _color_confidence(seen: _Text, start: int, end: int, sure: float) -> float:
    """Less where the colour is written as part of a name (Blue Yeti), none where it has something (Gray's)."""
    if seen.folded.startswith("'s", end):
        return 0.0
    is_part = not seen.in_title_case and seen.text[start].isupper() and goes_on_in_capitals(seen.text, end)
    return AS_WRITTEN if is_part else sure


def _stands_alone(folded: str, start: int, end: int) -> bool:
    before, after = folded[start - 1 : start], folded[end : end + 1]
    return not (
        (before.isalnum() and not is_han(before) and not is_han(folded[start]))
        or (after.isalnum() and not is_han(after) and not is_han(folded[end - 1]))
    )


def _is_decoy(form: Form) -> bool:
    return form.kind == DECOY


def _is_proper(form: Form) -> bool:
    """Spelt with a capital among its first two letters: iPhone, Kindle."""
    return form.form[:2] != form.form[:2].lower()


def _is_tied(form: Form) -> bool:
    """Whether the form counts only in company."""
    return form.context is not None


@lru_cache(maxsize=4_096)
def _by_spelling(names: Names) -> dict[str, Names]:
    spelt: dict[str, Names] = {}
    for kind, name in names:
        spelt[fold(name)] = (*spelt.get(fold(name), ()), (kind, name))
    return spelt


def _touches(mention: Mention, spans: list[tuple[int, int]]) -> bool:
    return any(mention.start < end and start < mention.end for start, end in spans)


def _without_overlaps(found: list[Mention]) -> tuple[Mention, ...]:
    """The longest of what overlaps, of equal ones the surest; in order."""
    if len(found) < 2:
        return tuple(found)
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda each: (each.start - each.end, -each.confidence, each.start)):
        if not any(mention.start < other.end and other.start < mention.end for other in kept):
            kept.append(mention)
    kept.sort(key=lambda each: each.start)
    return tuple(kept[:MAX_MENTIONS])
