"""What the console shows beside what the API answers."""

from __future__ import annotations

from dataclasses import dataclass

from streams.console.live import Live
from streams.serve.parts import ServeParts


@dataclass(frozen=True)
class ConsoleParts:
    """serve: what the API answers from. live: open pages. platforms: those that there are topics for."""

    serve: ServeParts
    live: Live
    platforms: tuple[str, ...]
