"""Answers of a bounded length: lists are cut, and what was cut is counted."""

from __future__ import annotations

from typing import Any


def shortened(body: dict[str, Any], max_entries: int) -> dict[str, Any]:
    """A copy in which no list, at any depth, has more than `max_entries`.

    `left_out` in the copy says how many entries each place lacks; it is absent where nothing was cut.

    >>> shortened({"tags": [1, 2, 3], "name": "ada"}, 2)
    {'tags': [1, 2], 'name': 'ada', 'left_out': {'tags': 1}}
    """
    left_out: dict[str, int] = {}
    cut: dict[str, Any] = _cut(body, max_entries, "", left_out)
    return cut | {"left_out": left_out} if left_out else cut


def _cut(value: Any, max_entries: int, place: str, left_out: dict[str, int]) -> Any:
    if isinstance(value, dict):
        below = f"{place}." if place else ""
        return {name: _cut(part, max_entries, below + name, left_out) for name, part in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > max_entries:
        # Entries of one list share a place: `tags.evidence` counts what all tags lack.
        left_out[place] = left_out.get(place, 0) + len(value) - max_entries
    return [_cut(part, max_entries, place, left_out) for part in value[:max_entries]]
