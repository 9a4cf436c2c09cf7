"""What people's own words say and do to the weight of their events: read once, before the fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from streams.domain.actions import Action, action_of
from streams.domain.events import Event, Item
from streams.domain.feelings import Said, said_of
from streams.domain.readings import Reading
from streams.domain.sentiments import signed_strength


class TextReader(Protocol):
    """Texts to readings; the same text and item give the same reading for as long as the process runs."""

    def read(self, texts: Sequence[str], items: Sequence[Item | None]) -> list[Reading]:
        """A reading for each text, in order. items: what each text is about."""


class Words(NamedTuple):
    """said: what an event's words say. strength: of the event with them, in [-1, 1]."""

    said: Said
    strength: float


class OwnWords:
    """Reads the words of events. action: by `<object>.<action>`, None for one that nobody declared."""

    def __init__(self, reader: TextReader, action: Callable[[str], Action | None]) -> None:
        self._reader = reader
        self._action = action

    def of(self, events: Sequence[Event], silent: frozenset[int]) -> dict[int, Words]:
        """By place in `events`; nothing for an event without words and for those in `silent`."""
        places = [place for place, event in enumerate(events) if event.text and place not in silent]
        if not places:
            return {}
        texts, items = [events[place].text for place in places], [events[place].item for place in places]
        readings = self._reader.read(texts, items)
        return {place: self._words(events[place], reading) for place, reading in zip(places, readings, strict=True)}

    def _words(self, event: Event, reading: Reading) -> Words:
        action = self._action(action_of(event.type))
        said = said_of(reading)
        if action is None or action.words != "text":  # what somebody searches for is no opinion
            return Words(Said(None, said.tags), event.strength)
        strength = signed_strength(action.takes, event.strength, reading.sentiment, is_rated=event.is_rated)
        return Words(said, strength)
