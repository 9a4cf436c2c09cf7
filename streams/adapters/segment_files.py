"""The operator's file of segments (TOML), checked as a whole before anything starts.

    [segments.trail_runners]
    description = "buys for the trails"
    all = [
      { tag = "topic:trail running", at_least = 5 },
      { field = "platforms.shop.last_seen", newer_than_days = 30 },
      { not = { field = "platforms.shop.counts.shop.order.refunded", above = 3 } },
    ]

Tables in place of a language: nothing is evaluated, so nothing can be injected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Final

from streams.domain import segments as rules
from streams.domain.segment_fields import Field, field_at, tag_at
from streams.domain.segments import AGES, NUMBERS, Condition, Segment, SegmentRules
from streams.errors import UsageError

MAX_FILE_BYTES: Final = 256 * 1024
#: The TOML reader takes quadratic time for one long dotted key.
MAX_LINE_CHARS: Final = 4_096
MAX_SEGMENTS: Final = 500
MAX_DEPTH: Final = 8
MAX_PARTS: Final = 64
_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_LOOKS_AT: Final = frozenset({"field", "tag", "measure", "platform"})
_COMPARISONS: Final[Mapping[str, tuple[str, ...]]] = {
    "number": tuple(NUMBERS), "time": AGES, "text": ("equals", "one_of"), "bool": ("equals",),
}  # fmt: skip


def load_segments(file: str | Path, recommend_default: bool = True) -> SegmentRules:
    """The segments of a file; none for "". Raises UsageError with file, segment, key and remedy."""
    if file == "":
        return SegmentRules((), recommend_default)
    try:
        tables = _tables(Path(file))
    except (ValueError, OSError, RecursionError) as error:
        raise UsageError(f"{file}: {error if str(error) else 'nested too deeply'}") from error
    segments = []
    for name, table in tables.items():
        try:
            segments.append(_segment(name, table))
        except ValueError as error:
            raise UsageError(f"{file}: segments.{name}: {error}") from error
    return SegmentRules(tuple(segments), recommend_default)


def _tables(file: Path) -> dict[str, Any]:
    n_bytes = file.stat().st_size
    _require(n_bytes <= MAX_FILE_BYTES, f"{n_bytes} bytes, at most {MAX_FILE_BYTES}; declare fewer segments")
    text = file.read_text(encoding="utf-8")
    longest = max(map(len, text.splitlines()), default=0)
    _require(longest <= MAX_LINE_CHARS, f"a line of {longest} characters, at most {MAX_LINE_CHARS}; break it")
    parsed = tomllib.loads(text)
    tables = parsed.pop("segments", {})
    _require(not parsed, f"{next(iter(parsed), '')}: no such table; everything stands under [segments.<id>]")
    _require(isinstance(tables, dict) and bool(tables), "no segments; declare [segments.<id>]")
    _require(len(tables) <= MAX_SEGMENTS, f"{len(tables)} segments, at most {MAX_SEGMENTS}; declare fewer")
    return dict(tables)


def _segment(name: str, table: Any) -> Segment:
    _require(bool(_ID.fullmatch(name)), "name it in 1-64 characters a-z 0-9 _ -, a letter first")
    _require(isinstance(table, dict), f"is no table; write [segments.{name}]")
    rule = dict(table)
    description = rule.pop("description", "")
    _require(isinstance(description, str), f"description = {description!r}: must be text")
    return Segment(name, description, _condition(rule, 1))


def _condition(table: Any, depth: int) -> Condition:
    _require(
        isinstance(table, dict) and bool(table),
        f"{table!r} is no condition; write a table such as {{ tag = 'topic:tea', at_least = 1 }}",
    )
    _require(depth <= MAX_DEPTH, f"conditions inside each other, more than {MAX_DEPTH} deep; flatten them")
    if not table.keys() & {"all", "any", "not"}:
        return _comparison(table)
    first, *others = sorted(table)
    _require(not others, f"{first} and {', '.join(others)} in one table; give each condition a table of its own")
    if first == "not":
        return rules.no(_condition(table["not"], depth + 1))
    parts = table[first]
    _require(
        isinstance(parts, list) and 0 < len(parts) <= MAX_PARTS, f"{first}: give it a list of 1-{MAX_PARTS} conditions"
    )
    conditions = [_condition(part, depth + 1) for part in parts]
    return rules.every(conditions) if first == "all" else rules.some(conditions)


def _comparison(table: Mapping[str, Any]) -> Condition:
    field = _field(table)
    allowed = _COMPARISONS[field.kind]
    named = [key for key in table if key not in _LOOKS_AT]
    for key in named:
        _require(key in allowed, f"{key}: {field.words} is a {field.kind}; compare it with {', '.join(allowed)}")
    _require(bool(named), f"{field.words} is compared with nothing; add one of {', '.join(allowed)}")
    return rules.every([_compared(field, key, table[key]) for key in named])


def _field(table: Mapping[str, Any]) -> Field:
    _require(("field" in table) != ("tag" in table), "a condition looks at a `field` or a `tag`; name one of them")
    for key in sorted(_LOOKS_AT & table.keys()):
        _require(isinstance(table[key], str), f"{key} = {table[key]!r}: must be text")
    if "tag" in table:
        return tag_at(table["tag"], table.get("measure", "score"), table.get("platform"))
    for key in ("measure", "platform"):
        _require(key not in table, f"{key}: goes with `tag`; the path of a field says it all")
    return field_at(table["field"])


def _compared(field: Field, key: str, bound: Any) -> Condition:
    if key in NUMBERS or key in AGES:
        is_number = isinstance(bound, int | float) and not isinstance(bound, bool) and isfinite(bound)
        _require(is_number, f"{key} = {bound!r}: must be a number")
        return rules.compared(field, key, bound) if key in NUMBERS else rules.aged(field, key, bound)
    values = bound if key == "one_of" else [bound]
    wanted, words = (bool, "true or false") if field.kind == "bool" else (str, "text")
    are_right = isinstance(values, list) and bool(values) and all(isinstance(value, wanted) for value in values)
    _require(are_right, f"{key} = {bound!r}: must be {'a list of texts' if key == 'one_of' else words}")
    return rules.one_of(field, values)


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise ValueError(fault)
