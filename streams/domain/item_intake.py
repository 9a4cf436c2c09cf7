"""From what a platform says about an item to the `Item` that Braid keeps: cleaned texts, one currency, bounded."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from streams.domain import reasons
from streams.domain.cleaning import clean_tag
from streams.domain.envelopes import ItemData
from streams.domain.events import Item
from streams.domain.limits import IngestLimits
from streams.domain.masking import clean_and_mask, mask
from streams.domain.signals import converted
from streams.errors import InvalidEvent

MAX_TITLE_CHARS: Final = 512
MAX_NAME_CHARS: Final = 128
MAX_TAGS: Final = 32
CACHED_TITLES: Final = 65_536
CACHED_TAGS: Final = 16_384


def clean_item(said: ItemData, limits: IngestLimits) -> Item:
    """The item as Braid keeps it. Raises InvalidEvent out_of_range for an id that cannot be printed.

    The id is kept as it came, since it is a key; tags and genres are folded (`clean_tag`), names keep their case.
    """
    if not said.item_id.isprintable() or said.item_id.isspace():
        raise InvalidEvent(reasons.OUT_OF_RANGE, "data.item.item_id: blank or not printable")
    price = converted(said.price, said.currency, limits.rates)
    return Item(
        item_id=said.item_id,
        title=_words(said.title, MAX_TITLE_CHARS),
        description=_words(said.description, limits.max_text_chars),
        category=_words(said.category, MAX_NAME_CHARS),
        brand=_words(said.brand, MAX_NAME_CHARS),
        color=_words(said.color, MAX_NAME_CHARS),
        tags=_tags(said.tags),
        price=price,
        currency="" if price is None else limits.currency,
        author=_words(said.author, MAX_NAME_CHARS),
        genre=_tags(said.genre),
        duration_s=said.duration_s,
        language=clean_tag(said.language) if said.language else "",
    )


def _words(raw: str | None, max_chars: int) -> str:
    """Free text: posts are items too, and people write their numbers into them, into names and categories as well."""
    if not raw:
        return ""
    return _short_words(raw, max_chars) if len(raw) <= MAX_TITLE_CHARS else clean_and_mask(raw, max_chars).text


@lru_cache(CACHED_TITLES)
def _short_words(raw: str, max_chars: int) -> str:
    # Every event repeats its item's title: looking it up costs a tenth of masking it.
    return clean_and_mask(raw, max_chars).text


def _tags(raw: list[str] | None) -> tuple[str, ...]:
    """Distinct tags in the order given; empty ones and those that hold personal data are left out."""
    if not raw:
        return ()
    tags = [_tag(each[:MAX_TITLE_CHARS]) for each in raw[: 2 * MAX_TAGS]]
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:MAX_TAGS]


@lru_cache(CACHED_TAGS)
def _tag(raw: str) -> str:
    tag = clean_tag(raw)
    # The raw one too: folding and cutting may hide half an address.
    return tag if not mask(tag).counts and not mask(raw).counts else ""
