"""What people's own words say and do to the weight of their events: read once, before the fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from streams.domain.actions import Action, action_of
from streams.domain.events import Event, Item
from streams.domain.feelings import Said, said_of
from streams.domain.folding import Vectors
from streams.domain.readings import Reading
from streams.domain.sentiments import signed_strength


class TextReader(Protocol):
    """Texts to readings; the same text, item and vector give the same reading for as long as the process runs."""

    def read(self, texts: Sequence[str], items: Sequence[Item | None], vectors: Vectors) -> list[Reading]:
        """A reading for each text (N,), in order. items: what each text is about. vectors: float32 (N, D), unit rows."""


class Words(NamedTuple):
    """said: what an event's words say. strength: of the event with them, in [-1, 1]."""

    said: Said
    strength: float


class OwnWords:
    """Reads the words of events. action: by `<object>.<action>`, None for one that nobody declared."""

    def __init__(self, reader: TextReader, action: Callable[[str], Action | None]) -> None:
        self._reader = reader
        self._action = action

    def of(self, events: Sequence[Event], spoken: Mapping[int, int], vectors: Vectors) -> dict[int, Words]:
        """By place in `events`. spoken: the places that have words, with the row of their vector in vectors (B, D)."""
        said = [events[place] for place in spoken]
        readings = self._reader.read(
            [event.text for event in said], [event.item for event in said], vectors[list(spoken.values())]
        )
        return {place: self._words(events[place], reading) for place, reading in zip(spoken, readings, strict=True)}

    def _words(self, event: Event, reading: Reading) -> Words:
        action = self._action(action_of(event.type))
        said = said_of(reading)
        if action is None or action.words != "text":  # what somebody searches for is no opinion
            return Words(Said(None, said.tags), event.strength)
        strength = signed_strength(action.takes, event.strength, reading.sentiment, is_rated=event.is_rated)
        return Words(said, strength)
