"""What the console shows, made from settings and from what serve follows."""

from __future__ import annotations

import structlog

from streams.adapters.item_catalogue import LocalItemCatalogue
from streams.adapters.projection_file import ProjectionFile
from streams.adapters.segment_files import load_segments
from streams.console.live import Live
from streams.console.parts import ConsoleParts, PeopleParts
from streams.domain.segments import SegmentRules
from streams.errors import UsageError
from streams.serve.parts import ServeParts
from streams.serve_operations import operations_of
from streams.serve_platforms import platform_parts
from streams.service.item_map import ItemMap
from streams.settings import Settings
from streams.wiring import model_of, read_platforms

_log = structlog.get_logger(__name__)


def console_parts(
    settings: Settings,
    serve: ServeParts,
    live: Live,
    items: LocalItemCatalogue,
    people: PeopleParts,
) -> ConsoleParts:
    """The parts of the console; nothing is started here."""
    item_map = ItemMap(items, model_of(serve.encoder).label, ProjectionFile(settings.state_dir / "serve"))
    return ConsoleParts(
        serve=serve, live=live, platforms=read_platforms(settings), item_map=item_map, people=people,
        operations=operations_of(settings, serve), platform_desk=platform_parts(settings, serve),
    )  # fmt: skip


def segments_told(settings: Settings) -> SegmentRules:
    """The rules, to tell why somebody is in a segment. Serve decides none, so it starts without them as well."""
    try:
        return load_segments(settings.segments.file, settings.consent.recommend)
    except UsageError as error:
        _log.warning("segments_not_told", why=str(error))
        return SegmentRules((), settings.consent.recommend)
