"""Own words are read once, before the fold, and only they wait for the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streams.domain.events import Event, Item, event_id
from streams.domain.readings import Reading
from streams.service.own_words import OwnWords


class Loud:
    """Feels as strongly as a text has exclamation marks, and remembers what it read."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def read(self, texts: Sequence[str], items: Sequence[Item | None], vectors: object) -> list[Reading]:
        self.texts += texts
        return [Reading(min(1.0, text.count("!") / 4)) for text in texts]


def an_event(number: int, text: str = "", title: str = "") -> Event:
    item = Item(f"i{number}", title=title) if title else None
    return Event(event_id("s", str(number)), "a" * 32, "shop", "shop.review.posted", 0.0, 0.0, 1.0, item, text)


def test_each_text_is_read_with_its_own_vector_and_nothing_else_is() -> None:
    own = Loud()
    words = OwnWords(Loud(), lambda: own)
    events = [an_event(0), an_event(1, "good!!"), an_event(2, "silent!"), an_event(3, "bad")]
    said = words.said(events, {1: 0, 3: 1}, np.zeros((2, 4), np.float32))
    assert {place: reading.sentiment for place, reading in said.items()} == {1: 0.5, 3: 0.0}
    assert own.texts == ["good!!", "bad"]


def test_what_items_are_about_needs_no_encoder_and_is_read_once() -> None:
    def no_encoder() -> Loud:
        raise AssertionError("asked for the encoder")

    titles = Loud()
    words = OwnWords(titles, no_encoder)
    about = words.about([an_event(0, title="Shoe!"), an_event(1), an_event(2, title="Shoe!")])
    assert about[0] == about[2] == Reading(0.25)
    assert about[1] is None
    words.about([an_event(3, title="Shoe!")])
    assert titles.texts == ["Shoe!"]
    assert words.said([an_event(4)], {}, np.zeros((0, 4), np.float32)) == {}
