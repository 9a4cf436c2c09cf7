"""An event as a platform wrote it: decoded and of the right types, not yet cleaned, resolved or believed.

The names are those of `docs/contracts.md`. Every field that a platform may leave out is None when it is absent or
null; unknown fields are ignored. Limits are checked while decoding, so that no later stage has to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw

from streams.domain.consents import MAX_BLOCKED_TAGS
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord

SPEC_VERSION: Final = "1.0"
MAX_ID_CHARS: Final = 1_024
MAX_ITEM_ID_CHARS: Final = 256
MAX_LIST_ITEMS: Final = 256
MAX_PRICE: Final = 1e9
MAX_QUANTITY: Final = 1e6
MAX_DURATION_S: Final = 1e8

Identifier = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]
Experiment = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}:[A-Za-z0-9._-]{1,64}\Z")]
ShortWords = Annotated[list[str], Meta(max_length=MAX_LIST_ITEMS)]
Tags = Annotated[list[Annotated[str, Meta(min_length=3, max_length=160)]], Meta(max_length=MAX_BLOCKED_TAGS)]
Price = Annotated[float, Meta(ge=0, le=MAX_PRICE)]
Seconds = Annotated[float, Meta(ge=0, le=MAX_DURATION_S)]


class ItemData(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`data.item`: what the event is about. Prices are in `currency`, times in seconds."""

    item_id: Annotated[str, Meta(min_length=1, max_length=MAX_ITEM_ID_CHARS)]
    title: str | None = None
    description: str | None = None
    category: str | None = None
    brand: str | None = None
    color: str | None = None
    tags: ShortWords | None = None
    price: Price | None = None
    currency: Annotated[str, Meta(max_length=16)] | None = None
    author: str | None = None
    genre: ShortWords | None = None
    duration_s: Seconds | None = None
    language: Annotated[str, Meta(max_length=64)] | None = None


class Data(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`data`: what was done. `traits` stays undecoded until somebody needs it.

    consents, personalisation, block_tags, unblock_tags: of `consent.changed`; tags as `<kind>:<value>`.
    """

    item: ItemData | None = None
    text: str | None = None
    rating: Annotated[float, Meta(ge=1, le=5)] | None = None
    value: Annotated[float, Meta(ge=-MAX_PRICE, le=MAX_PRICE)] | None = None
    quantity: Annotated[float, Meta(gt=0, le=MAX_QUANTITY)] | None = None
    position_s: Seconds | None = None
    duration_s: Seconds | None = None
    completed: bool | None = None
    dwell_s: Seconds | None = None
    query: str | None = None
    reverses_id: Identifier | None = None
    consents: dict[str, bool] | None = None
    personalisation: bool | None = None
    block_tags: Tags | None = None
    unblock_tags: Tags | None = None
    traits: Raw = Raw(b"")


NO_DATA: Final = Data()


class Envelope(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A CloudEvent 1.0 with Braid's extensions. `consent` stays undecoded: a word, or an object by purpose.

    experiment: the assignment that the event was made under, `<name>:<variant>`.
    """

    specversion: str
    id: Identifier
    source: Identifier
    type: Identifier
    time: str | None = None
    subject: Identifier | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    sentat: str | None = None
    userid: Identifier | None = None
    anonymousid: Identifier | None = None
    sessionid: Identifier | None = None
    experiment: Experiment | None = None
    consent: Raw = Raw(b"")
    data: Data | None = None
    data_base64: str | None = None


Decode = Callable[[RawRecord], Envelope]
"""A record to its envelope. Raises InvalidEvent and nothing else."""

DecodeFor = Callable[[Platform], Decode]
"""How a platform speaks: the contract's CloudEvents, or its own dialect by a mapping file."""
