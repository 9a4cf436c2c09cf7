"""Looks at the stages while somebody watches, and gives every open page the newest figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from streams.console.live import Live
from streams.console.operations_parts import Stands
from streams.console.words import LANGUAGES
from streams.domain.sentences import Language
from streams.errors import Unavailable
from streams.intervals import Repeated
from streams.ports import Clock
from streams.service.flow import FlowHistory, Series, StageFlow

LOOK_S: Final = 2.0
#: After a page asked, as long as it takes to connect its stream.
REMEMBERED_S: Final = 30.0

_log = structlog.get_logger(__name__)


class FlowView(msgspec.Struct, frozen=True):
    """read_at: UTC seconds of the figures, None before the first. fault: why there are no newer ones, else empty."""

    read_at: float | None
    fault: str
    stages: list[StageFlow]


def channel_of(language: Language) -> str:
    """What pages of a language listen to."""
    return f"flow-{language}"


class FlowWatch:
    """One thread, started by the first who asks; it looks at nothing while nobody does.

    render: the shared part of the page.
    """

    def __init__(self, stands: Stands, live: Live, clock: Clock, render: Callable[[Language, FlowView], str]) -> None:
        self._stands = stands
        self._live = live
        self._clock = clock
        self._render = render
        self._history = FlowHistory()
        self._fault = ""
        self._asked_at_s = 0.0
        self._is_started = False
        self._starting, self._looking = threading.Lock(), threading.Lock()

    def view(self) -> FlowView:
        """Figures that are at most two looks old; the first who asks waits for them."""
        self._begin()
        read_at_s = self._history.read_at_s
        if read_at_s is None or self._clock.now_s() - read_at_s > 2 * LOOK_S:
            self._look()
        return FlowView(self._history.read_at_s, self._fault, self._history.now())

    def series(self, since_s: float) -> Series:
        """What was read after `since_s`, UTC seconds, of the last minutes."""
        self._begin()
        return self._history.series(since_s)

    def _begin(self) -> None:
        self._asked_at_s = time.monotonic()
        with self._starting:
            if not self._is_started:
                self._is_started = True
                Repeated("flow", self.turn, LOOK_S).start()

    def turn(self) -> None:
        """What is done every LOOK_S: look, while somebody watches or has just asked, and tell who watches."""
        watched = [language for language in LANGUAGES if self._live.is_watched(channel_of(language))]
        if watched or time.monotonic() - self._asked_at_s < REMEMBERED_S:
            self._look()
        for language in watched:
            view = FlowView(self._history.read_at_s, self._fault, self._history.now())
            self._live.publish(channel_of(language), self._render(language, view))

    def _look(self) -> None:
        with self._looking:
            try:
                self._history.add(self._clock.now_s(), self._stands.read())
                self._fault = ""
            except Unavailable as error:
                if not self._fault:
                    _log.warning("flow_not_read", why=str(error))
                self._fault = str(error)
