"""A canary: an event of its own, sent as a platform sends, until an HTTP answer holds it.

It goes the way of everybody's events, so it notices what no process can tell of itself. It moves nothing: its event
weighs 0, names no item and belongs to an account that nothing links.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import uuid4

import structlog

from streams.domain.events import event_id
from streams.domain.platforms import Platform
from streams.errors import Retryable, UsageError
from streams.ports import Clock
from streams.simulation.records import rfc3339
from streams.telemetry.canary_metrics import CANARY_LOST, CANARY_SECONDS, CANARY_SENT

PLATFORM: Final = Platform("canary")
SOURCE: Final = "/braid/canary"
#: Seen, not acted upon: it counts as an event and moves no part of a profile.
TYPE: Final = f"{PLATFORM}.ad.impression"

_log = structlog.get_logger(__name__)


class Way(Protocol):
    """Where events go in and profiles come out."""

    def send(self, event: dict[str, Any]) -> None:
        """Blocks until the brokers have the event. Raises Retryable when they do not take it."""

    def holds(self, identifier: str) -> bool:
        """Whether the event (16 hex digits) made the latest revision of the canary's profile; blocks for HTTP.

        Raises UsageError when serve refuses to answer, Unavailable when it does not.
        """


@dataclass(frozen=True)
class Habits:
    """account: on the platform `canary`. every_s: between events. give_up_s: an event that is not out by then is lost.

    look_s: between HTTP requests.
    """

    account: str
    every_s: float = 15.0
    give_up_s: float = 30.0
    look_s: float = 0.2


@dataclass(frozen=True)
class Flight:
    """How one event fared. took_s: None = lost, or given up because the canary is to stop. why: it was lost."""

    took_s: float | None
    why: str = ""


class Canary:
    """Sends events of one account, one after the other, and times them.

    wait: blocks for so many seconds and says whether to stop, as `threading.Event.wait` does. monotonic: seconds.
    """

    def __init__(
        self,
        way: Way,
        habits: Habits,
        clock: Clock,
        wait: Callable[[float], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._way = way
        self._habits = habits
        self._clock = clock
        self._wait = wait
        self._monotonic = monotonic

    def run(self) -> None:
        """Fly until `wait` says to stop. An event that takes longer than `every_s` puts the next one off."""
        pause_s = 0.0
        while not self._wait(pause_s):
            began_s = self._monotonic()
            self.fly()
            pause_s = max(0.0, self._habits.every_s - (self._monotonic() - began_s))

    def fly(self) -> Flight:
        """Send one event and look for it; at most about `give_up_s`, and what one HTTP request takes."""
        identifier, began_s = uuid4().hex, self._monotonic()
        CANARY_SENT.inc()
        try:
            self._way.send(self._event(identifier))
        except Retryable as error:
            return self._lost(f"the broker did not take it: {error}")
        sought, why = event_id(SOURCE, identifier).hex(), "serve was not asked yet"
        while self._monotonic() - began_s < self._habits.give_up_s:
            try:
                if self._way.holds(sought):
                    took_s = self._monotonic() - began_s
                    CANARY_SECONDS.observe(took_s)
                    return Flight(took_s)
                why = "serve answers, without the event"
            except UsageError as error:
                why = str(error)
            if self._wait(self._habits.look_s):
                return Flight(None)
        return self._lost(f"not out after {self._habits.give_up_s:g} s: {why}")

    def _lost(self, why: str) -> Flight:
        CANARY_LOST.inc()
        _log.warning("canary_lost", account=self._habits.account, why=why)
        return Flight(None, why)

    def _event(self, identifier: str) -> dict[str, Any]:
        """Consent is said aloud: what holds for people who said nothing is configuration."""
        return {
            "specversion": "1.0",
            "id": identifier,
            "source": SOURCE,
            "type": TYPE,
            "time": rfc3339(self._clock.now_s()),
            "subject": self._habits.account,
            "consent": "granted",
            "datacontenttype": "application/json",
            "data": {},
        }
