"""What the console shows, made from settings and from what serve follows."""

from __future__ import annotations

from streams.adapters.mapping_files import mapped_platforms
from streams.console.live import Live
from streams.console.parts import ConsoleParts
from streams.serve.parts import ServeParts
from streams.settings import Settings


def console_parts(settings: Settings, serve: ServeParts, live: Live) -> ConsoleParts:
    """The parts of the console; nothing is started here."""
    mapped = mapped_platforms(settings.ingest.mappings_dir)
    platforms = tuple(dict.fromkeys((*settings.topics.platforms, *mapped)))
    return ConsoleParts(serve=serve, live=live, platforms=platforms)
