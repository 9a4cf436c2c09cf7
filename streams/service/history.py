"""The history use case: what a person did lately, in order, as sentences with a label each, and as one text.

The text is what a language model or a classifier of sequences reads; labels are its classes. Words that people wrote
are not in profiles, so they are not here.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.item_entries import ItemEntry
from streams.domain.profiles import ProfileRecord, RecentEvent
from streams.domain.sentences import SENTENCES_VERSION, Label, Language, label_of, sentence_of
from streams.service.tastes import Items, carries

DEFAULT_STEPS: Final = 50
MAX_STEPS: Final = 1_000
_BETWEEN: Final = {"en": "; ", "zh": "；"}


class Step(msgspec.Struct, frozen=True):
    """One deed. time: of the event, UTC seconds. label: its class, from a small vocabulary."""

    time: float
    event_id: str
    platform: str
    type: str
    label: Label
    sentence: str


class History(msgspec.Struct, frozen=True):
    """Steps rise by time, of one time by event id; text is their sentences in this order.

    version: of templates and labels. n_untold: events that went into the profile and are not told: earlier ones, those
    that weigh nothing or were taken back, those about an item with a tag that the person blocked.
    """

    profile_id: str
    revision: int
    language: Language
    version: int
    text: str
    steps: list[Step]
    n_untold: int


def history_of(profile: ProfileRecord, items: Items, language: Language, n: int) -> History:
    """The latest n deeds of a profile. The same whatever order the events came in, for the same titles of items."""
    ordered, blocked = sorted(profile.recent, key=_when), frozenset(profile.blocked_tags)
    entries = items.entries_of([event.item for event in ordered])
    told = [
        (event, entry)
        for event, entry in zip(ordered, entries, strict=True)
        if entry is None or not carries(entry, blocked)
    ]
    steps = [_step(event, entry, language) for event, entry in told[-n:]]
    return History(
        profile_id=profile.profile_id,
        revision=profile.revision,
        language=language,
        version=SENTENCES_VERSION,
        text=_BETWEEN[language].join(step.sentence for step in steps),
        steps=steps,
        n_untold=max(0, profile.events_applied - len(steps)),
    )


def _when(event: RecentEvent) -> tuple[float, str]:
    return event.time, event.id


def _step(event: RecentEvent, entry: ItemEntry | None, language: Language) -> Step:
    title = "" if entry is None else entry.item.title
    sentence = sentence_of(event.type, title or event.item.partition(":")[2], language)
    return Step(event.time, event.id, event.platform, event.type, label_of(event.type), sentence)
