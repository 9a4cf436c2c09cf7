"""What people said about their data in events that are not folded yet: the encoder must know before the state does."""

from __future__ import annotations

from itertools import islice
from threading import Lock
from typing import Final

from streams.domain.consents import Standing, decide
from streams.domain.events import Event

#: Accounts remembered; whoever said something longer ago is in the state by now.
REMEMBERED: Final = 50_000


class Lately:
    """A bounded memory over all partitions; safe from several threads."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._standings: dict[str, Standing] = {}
        self._lock = Lock()

    def note(self, event: Event) -> None:
        """Remember an event that has a will."""
        assert event.will is not None
        with self._lock:
            standing = self._standings.pop(event.account, Standing())
            decide(standing, event.will, event.occurred_at_s)
            self._standings[event.account] = standing
            for oldest in list(islice(self._standings, max(0, len(self._standings) - self._remembered))):
                del self._standings[oldest]

    def standing_of(self, event: Event, known: Standing | None) -> Standing | None:
        """What the event's account said last, here or in the state."""
        with self._lock:
            said = self._standings.get(event.account)
        return known if said is None or not said.consents else said
