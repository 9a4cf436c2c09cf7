"""Tells open pages what changed, as server-sent events: what to look at again, and parts that all viewers share.

Any thread says that a person changed; each open page hears of the people it shows, at most once a second, and of the
shared parts. A viewer who is slow or gone costs nothing but a set of names.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from threading import Lock
from typing import Final

from streams.telemetry import metrics

#: Between two messages to a viewer, so that no page redraws more often than people read.
PACE_S: Final = 1.0
#: Without anything to say. Pages take three and a half of them for silence: see `console.js`.
BEAT_S: Final = 1.0
MAX_VIEWERS: Final = 500


class Viewer:
    """One open page. subjects: profile ids it shows. channels: shared parts it shows."""

    def __init__(self, subjects: Collection[str], channels: Collection[str]) -> None:
        self.subjects = frozenset(subjects)
        self.channels = frozenset(channels)
        self.changed: set[str] = set()
        self.parts: dict[str, str] = {}


class Live:
    """All open pages."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._shown: Mapping[str, set[Viewer]] = {}
        self._lock = Lock()
        self._latest: dict[str, str] = {}

    @property
    def n_viewers(self) -> int:
        """Open pages."""
        return len(self._viewers)

    def is_watched(self, channel: str) -> bool:
        """Whether any page shows a shared part: what nobody looks at need not be made."""
        return any(channel in viewer.channels for viewer in tuple(self._viewers))

    def changed(self, profile_ids: Collection[str]) -> None:
        """Say that people changed. From any thread; microseconds when nobody looks at them."""
        shown = self._shown
        if not shown:
            return
        for profile_id in profile_ids:
            for viewer in shown.get(profile_id, ()):
                viewer.changed.add(profile_id)

    def publish(self, channel: str, html: str) -> None:
        """Give every page that shows a shared part its newest form. From any thread."""
        self._latest[channel] = html
        for viewer in tuple(self._viewers):
            if channel in viewer.channels:
                viewer.parts[channel] = html

    async def stream(self, viewer: Viewer) -> AsyncIterator[str]:
        """Messages for one page until it goes away: `changed` with ids, `part-<channel>` with HTML, else `beat`."""
        if not self._join(viewer):
            yield message("full", "")
            return
        try:
            yield message("beat", "")
            silent_s = 0.0
            while True:
                await asyncio.sleep(PACE_S)
                silent_s += PACE_S
                changed, viewer.changed = viewer.changed, set()
                parts, viewer.parts = viewer.parts, {}
                if changed:
                    yield message("changed", " ".join(sorted(changed)))
                for channel, html in parts.items():
                    yield message(f"part-{channel}", html)
                if changed or parts:
                    silent_s = 0.0
                elif silent_s >= BEAT_S:
                    silent_s = 0.0
                    yield message("beat", "")
        finally:
            self._leave(viewer)

    def _join(self, viewer: Viewer) -> bool:
        with self._lock:
            if len(self._viewers) >= MAX_VIEWERS:
                return False
            self._viewers.add(viewer)
            self._index()
        viewer.parts = {channel: self._latest[channel] for channel in viewer.channels if channel in self._latest}
        metrics.CONSOLE_VIEWERS.set(len(self._viewers))
        return True

    def _leave(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.discard(viewer)
            self._index()
        metrics.CONSOLE_VIEWERS.set(len(self._viewers))

    def _index(self) -> None:
        shown: dict[str, set[Viewer]] = {}
        for viewer in self._viewers:
            for profile_id in viewer.subjects:
                shown.setdefault(profile_id, set()).add(viewer)
        self._shown = shown


def message(event: str, data: str) -> str:
    """One server-sent event."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {event}\n{lines}\n"
