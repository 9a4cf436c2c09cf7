"""Why somebody is in a segment or not: its rule clause by clause, each with what it looks at in the profile."""

from __future__ import annotations

import msgspec

from streams.domain.profiles import ProfileRecord
from streams.domain.segment_fields import Seen, Value
from streams.domain.segments import Condition


class Clause(msgspec.Struct, frozen=True):
    """A condition judged. value: what the profile has there, None where it has nothing or where parts say it.

    how: "all", "any" or "not" of the parts, empty for a comparison.
    """

    words: str
    holds: bool
    value: Value = None
    how: str = ""
    parts: list[Clause] = []


def judged(condition: Condition, profile: ProfileRecord) -> Clause:
    """The condition and all of its parts, those included that decide nothing any more."""
    return _judged(condition, Seen(profile))


def _judged(condition: Condition, seen: Seen) -> Clause:
    value = None if condition.read is None else condition.read(seen)
    parts = [_judged(part, seen) for part in condition.parts]
    return Clause(condition.words, condition.holds(seen), value, condition.how, parts)
