"""Where a value stands in a foreign document: `a.b`, `items[0].id`, `params[key=page].value`; no expressions."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

MAX_STEPS: Final = 16
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,4})\]|\[([^=\[\]]+)=([^\[\]]*)\]")


class _Match(NamedTuple):
    """The first table of a list whose `key` holds `value`."""

    key: str
    value: str


class Path(NamedTuple):
    """A parsed path; `find` walks it."""

    steps: tuple[str | int | _Match, ...]

    def find(self, document: Any) -> Any:
        """The value, or None when any part of the way is missing or of another shape. Never raises."""
        found = document
        for step in self.steps:
            if isinstance(step, str):
                found = found.get(step) if isinstance(found, dict) else None
            elif not isinstance(found, list):
                return None
            elif isinstance(step, int):
                found = found[step] if step < len(found) else None
            else:
                found = next((row for row in found if isinstance(row, dict) and row.get(step.key) == step.value), None)
            if found is None:
                return None
        return found


def parse_path(text: str) -> Path:
    """The path that a mapping file writes. Raises ValueError.

    >>> parse_path("params[key=page].value").find({"params": [{"key": "page", "value": 7}]})
    7
    """
    steps: list[str | int | _Match] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (not steps and text.startswith(".")):
            break
        name, number, key, value = match.groups()
        steps.append(name if name is not None else int(number) if number is not None else _Match(key, value))
        position = match.end()
    if position < len(text) or not 0 < len(steps) <= MAX_STEPS:
        raise ValueError(f"path {text!r}: write 1-{MAX_STEPS} steps like a.b, items[0].id or params[key=page].value")
    return Path(tuple(steps))
