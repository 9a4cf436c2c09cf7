"""Who belongs to which segment: rules over the published profile, and since when.

A profile is judged when it changes, never because time passes; ages count from its own `as_of`. What a profile lacks
meets no comparison, so `not` is the way to say "or nothing is known of it". Who does not allow choosing by their
profile is in no segment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from streams.domain.decay import DAY_S
from streams.domain.permissions import why_nothing_personal
from streams.domain.profiles import ProfileRecord
from streams.domain.segment_fields import Field, Seen, Value

NUMBERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "above": lambda value, bound: value > bound,
    "at_least": lambda value, bound: value >= bound,
    "below": lambda value, bound: value < bound,
    "at_most": lambda value, bound: value <= bound,
}
AGES: Final = ("newer_than_days", "older_than_days")


@dataclass(frozen=True)
class Condition:
    """Something that holds of a profile or not. words: for people.

    how, parts: "all", "any" or "not" of other conditions, empty for a comparison. read: the value that one looks at.
    """

    words: str
    holds: Callable[[Seen], bool]
    how: Literal["", "all", "any", "not"] = ""
    parts: tuple[Condition, ...] = ()
    read: Callable[[Seen], Value] | None = None


class Segment(NamedTuple):
    """A named condition."""

    id: str
    description: str
    condition: Condition


class Judged(NamedTuple):
    """entered_at: by segment, UTC seconds, in the order of the ids. entered, left: what is new and what is over."""

    entered_at: dict[str, float]
    entered: list[str]
    left: list[str]


@dataclass(frozen=True)
class SegmentRules:
    """All segments of an operator. recommend_default: whether who said nothing allows choosing by their profile."""

    segments: Sequence[Segment] = ()
    recommend_default: bool = True

    def of(self, profile: ProfileRecord) -> list[str]:
        """Ids of the segments that a profile belongs to, sorted."""
        if not self.segments or why_nothing_personal(profile, self.recommend_default):
            return []
        seen = Seen(profile)
        return sorted(segment.id for segment in self.segments if segment.condition.holds(seen))

    def judge(self, profile: ProfileRecord, entered_at: Mapping[str, float]) -> Judged:
        """The segments now. entered_at: those before, which keep their time while somebody stays.

        Who enters does so at the profile's `updated_at`, the broker's time of the newest event applied.
        """
        now = self.of(profile)
        return Judged(
            {segment: entered_at.get(segment, profile.updated_at) for segment in now},
            [segment for segment in now if segment not in entered_at],
            sorted(entered_at.keys() - set(now)),
        )


def every(parts: Sequence[Condition]) -> Condition:
    """All of them hold."""
    return _of_several("all", " and ", _until(False, parts), parts)


def some(parts: Sequence[Condition]) -> Condition:
    """At least one holds."""
    return _of_several("any", " or ", _until(True, parts), parts)


def no(part: Condition) -> Condition:
    """It does not hold."""
    return Condition(f"not ({part.words})", lambda seen: not part.holds(seen), "not", (part,))


def compared(field: Field, comparison: str, bound: float) -> Condition:
    """A number against a bound. comparison: a key of NUMBERS."""
    test, read = NUMBERS[comparison], field.read

    def holds(seen: Seen) -> bool:
        value = read(seen)
        return value is not None and test(value, bound)  # type: ignore[arg-type]  # the field is a number

    return Condition(f"{field.words} {comparison.replace('_', ' ')} {bound:g}", holds, read=read)


def aged(field: Field, comparison: str, days: float) -> Condition:
    """A time against the profile's `as_of`. comparison: one of AGES."""
    is_newer = comparison == AGES[0]

    def holds(seen: Seen) -> bool:
        at_s = field.read(seen)
        if at_s is None:
            return False
        return (seen.profile.as_of - at_s < days * DAY_S) is is_newer  # type: ignore[operator]  # the field is a time

    return Condition(f"{field.words} {comparison.replace('_', ' ')} {days:g}", holds, read=field.read)


def one_of(field: Field, values: Sequence[str | bool]) -> Condition:
    """A text or truth that is one of the values."""
    wanted = frozenset(values)
    words = f"{field.words} is {' or '.join(map(str, values))}"
    return Condition(words, lambda seen: field.read(seen) in wanted, read=field.read)


def _until(answer: bool, parts: Sequence[Condition]) -> Callable[[Seen], bool]:
    """The answer as soon as a part gives it, else the other one. Every profile is judged: no generator on the way."""
    tests = tuple(part.holds for part in parts)

    def holds(seen: Seen) -> bool:
        for test in tests:
            if test(seen) is answer:
                return answer
        return not answer

    return holds


def _of_several(
    how: Literal["all", "any"], word: str, holds: Callable[[Seen], bool], parts: Sequence[Condition]
) -> Condition:
    if len(parts) == 1:
        return parts[0]
    return Condition(f"({word.join(part.words for part in parts)})", holds, how, tuple(parts))
