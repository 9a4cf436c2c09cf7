"""What a segment may look at: fields of the published profile by their path, and tags by their name.

The paths are those of the record itself (`docs/contracts.md`), read off its types, so a new block can be used as soon
as it is published. Nothing else can be reached: no state, no raw id, no text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from operator import attrgetter
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec

from streams.domain.profiles import ProfileRecord, Tag
from streams.domain.tags import KINDS, split_tag

Kind = Literal["number", "time", "text", "bool"]
Value = float | str | bool | None
Step = Callable[[Any], Any]

#: Why a record is there, and what is decided here: both are made after the profile was judged.
OFF_LIMITS: Final = frozenset({"change", "segments"})
#: Names of fields that hold UTC seconds, of which only the age is worth a comparison.
TIMES: Final = frozenset(
    {"updated_at", "as_of", "first_seen", "last_seen", "at", "time", "started_at", "ended_at", "observed_at"}
)
MEASURES: Final = ("score", "share", "polarity", "support", "first_seen", "last_seen")


class Seen:
    """A profile as segments see it."""

    def __init__(self, profile: ProfileRecord) -> None:
        self.profile = profile

    @cached_property
    def tags(self) -> Mapping[str, Tag]:
        """The published tags, by `<kind>:<value>`."""
        return {f"{tag.kind}:{tag.tag}": tag for tag in self.profile.tags}

    @cached_property
    def tag_mass(self) -> float:
        """Sum of their absolute scores."""
        return sum(abs(tag.score) for tag in self.profile.tags)


@dataclass(frozen=True)
class Field:
    """Something that can be compared. words: its name for people; read: its value, None where a profile lacks it."""

    words: str
    kind: Kind
    read: Callable[[Seen], Value]


def field_at(path: str) -> Field:
    """The field at a dotted path, for example `platforms.shop.share`; a list or table counts its entries.

    Raises ValueError that says which names there are.

    >>> field_at("platforms.shop.counts.shop.order.completed").kind
    'number'
    """
    if path.partition(".")[0] in OFF_LIMITS:
        raise ValueError(f"field = {path!r}: is decided after the profile was judged; use another field")
    steps, kind = _walked(ProfileRecord, path, path)

    def read(seen: Seen) -> Value:
        value: Any = seen.profile
        for step in steps:
            value = step(value)
            if value is None:
                return None
        return value  # type: ignore[no-any-return]  # the last step reads a plain value

    return Field(path, kind, read)


def tag_at(name: str, measure: str, platform: str | None) -> Field:
    """A measure of a published tag, of one platform or of the whole person.

    share: its score over the absolute scores of all published tags. Raises ValueError that says what there is.
    """
    kind, value = split_tag(name)
    if kind not in KINDS or not value:
        raise ValueError(f"tag = {name!r}: name it <kind>:<value>, the kind one of {', '.join(KINDS)}")
    if measure not in MEASURES:
        raise ValueError(f"measure = {measure!r}: use one of {', '.join(MEASURES)}")
    if platform is not None and measure != "score":
        raise ValueError(f"measure = {measure!r}: of one platform only the score is published; leave `platform` out")
    known = f"{kind}:{value.strip().lower()}"
    words = f"{measure} of {known}" + (f" on {platform}" if platform else "")
    if platform is not None:
        return Field(words, "number", lambda seen: _of_tag(seen, known, lambda tag: tag.platforms.get(platform)))
    if measure == "share":
        return Field(words, "number", lambda seen: _of_tag(seen, known, lambda tag: tag.score / (seen.tag_mass or 1.0)))
    return Field(
        words,
        "time" if measure in TIMES else "number",
        lambda seen: _of_tag(seen, known, lambda tag: float(getattr(tag, measure))),
    )


def _of_tag(seen: Seen, name: str, read: Callable[[Tag], float | None]) -> float | None:
    tag = seen.tags.get(name)
    return None if tag is None else read(tag)


def _walked(kind: Any, rest: str, path: str, name: str = "") -> tuple[list[Step], Kind]:
    """(steps from a value of that kind, what is there)."""
    kind = _without_none(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _in_structure(kind, rest, path)
    origin = get_origin(kind)
    if origin is dict and rest:
        inner = get_args(kind)[1]
        # Keys of tables of plain values hold dots themselves: counts by type.
        key, _, left = rest.partition(".") if _is_structure(inner) else (rest, "", "")
        steps, found = _walked(inner, left, path, name)
        return [lambda table: table.get(key), *steps], found
    if rest:
        raise ValueError(f"field = {path!r}: nothing below {path.removesuffix('.' + rest)!r}; end there")
    if origin in {dict, list}:
        return [len], "number"
    if kind in {int, float}:
        return [], "time" if name in TIMES else "number"
    if kind is str or kind is bool:
        return [], "text" if kind is str else "bool"
    if get_origin(kind) in {Union, UnionType} and str in get_args(kind):
        return [_plain], "text"
    raise ValueError(f"field = {path!r}: cannot be compared; use a number, a text or a truth")


def _in_structure(kind: type[msgspec.Struct], rest: str, path: str) -> tuple[list[Step], Kind]:
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    name, _, left = rest.partition(".")
    if name not in types:
        names = sorted(types.keys() - OFF_LIMITS)
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(names)}"
        raise ValueError(f"field = {path!r}: {'no field ' + repr(name) if name else 'stops too early'}; {hint}")
    steps, found = _walked(types[name], left, path, name)
    return [attrgetter(name), *steps], found


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in {Union, UnionType}:
        inner = [part for part in get_args(kind) if part is not type(None)]
        return inner[0] if len(inner) == 1 else kind
    return kind


def _plain(value: object) -> str:
    """A value of one of several kinds as a segment file may write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_structure(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
