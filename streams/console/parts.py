"""What the console shows beside what the API answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from streams.console.live import Live
from streams.console.operations_parts import Operations
from streams.console.platform_parts import PlatformParts
from streams.domain.decay import HalfLives
from streams.domain.revision_notes import RevisionNote
from streams.domain.segments import SegmentRules
from streams.serve.parts import ServeParts
from streams.service.item_map import ItemMap


@dataclass(frozen=True)
class PeopleParts:
    """revisions: notes by profile id, latest first. segments: their rules. half_lives_s: of tags and masses."""

    revisions: Callable[[str], list[RevisionNote]]
    segments: SegmentRules
    half_lives_s: HalfLives


@dataclass(frozen=True)
class ConsoleParts:
    """serve: what the API answers from. live: open pages. platforms: those that there are topics for.

    item_map: places of items, None = no map. people: what the pages of people need, None = no such pages. operations:
    of operators, None = no such pages. platform_desk: of those who send events, likewise.
    """

    serve: ServeParts
    live: Live
    platforms: tuple[str, ...]
    item_map: ItemMap | None = None
    people: PeopleParts | None = None
    operations: Operations | None = None
    platform_desk: PlatformParts | None = None
