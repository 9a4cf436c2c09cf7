"""What people's own words say, and what their items are about: read once, before the fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Final, Protocol

from streams.domain.events import Event, Item
from streams.domain.readings import Reading
from streams.domain.vector_sums import Vectors

NO_WORDS: Final = ""
#: Readings of items kept; an item is read again after that many others.
REMEMBERED: Final = 100_000


class TextReader(Protocol):
    """Texts to readings; the same text, item and vector give the same reading for as long as the process runs."""

    def read(self, texts: Sequence[str], items: Sequence[Item | None], vectors: Vectors | None) -> list[Reading]:
        """A reading for each text (N,), in order.

        items: what each text is about. vectors: float32 (N, D), unit rows, or None.
        """


class OwnWords:
    """Reads the words of events, and what their items are about. Any number of threads may call it."""

    def __init__(self, titles: TextReader, make_reader: Callable[[], TextReader]) -> None:
        """titles: reads what items are called, without the encoder: events of known items must not wait for one.

        make_reader: of own words, called once, with the first of them: it may need the encoder.
        """
        self._titles = titles
        self._make_reader = make_reader
        self._making = Lock()
        self._made: TextReader | None = None
        self._about: dict[str, Reading] = {}

    @property
    def _reader(self) -> TextReader:
        with self._making:
            if self._made is None:
                self._made = self._make_reader()
            return self._made

    def said(self, events: Sequence[Event], spoken: Mapping[int, int], vectors: Vectors) -> dict[int, Reading]:
        """By place in `events`. spoken: the places that have words, with the row of their vector in vectors (B, D)."""
        if not spoken:
            return {}
        said = [events[place] for place in spoken]
        readings = self._reader.read(
            [event.text for event in said], [event.item for event in said], vectors[list(spoken.values())]
        )
        return dict(zip(spoken, readings, strict=True))

    def about(self, events: Sequence[Event]) -> list[Reading | None]:
        """Of each event's item: by its words alone, so that it does not matter when the catalogue learnt of it."""
        texts = [NO_WORDS if event.item is None else title_of(event.item) for event in events]
        known = self._about
        fresh = [text for text in dict.fromkeys(texts) if text and text not in known]
        if fresh:
            if len(known) > REMEMBERED:
                known = self._about = {}
            known.update(zip(fresh, self._titles.read(fresh, [None] * len(fresh), None), strict=True))
        return [known.get(text) for text in texts]


def title_of(item: Item) -> str:
    """What tells best what an item is about."""
    return f"{item.title}\n{item.category}" if item.category else item.title
