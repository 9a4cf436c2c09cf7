"""What one person did once: the cleaned event that every stage after the gate speaks of.

`Event` is also the record of the `user-events` topic (MessagePack array). Fields are only ever appended, each with
a default, so that old records stay readable.
"""

from __future__ import annotations

import hashlib

import msgspec

from streams.domain.consents import Will

EVENT_VERSION = 1
EVENT_ID_BYTES = 8

TraitValue = str | int | float | bool


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a platform says about one thing people do something with. Text is cleaned; prices are in one currency."""

    item_id: str
    title: str = ""
    description: str = ""
    category: str = ""
    brand: str = ""
    color: str = ""
    tags: tuple[str, ...] = ()
    price: float | None = None
    currency: str = ""
    author: str = ""
    genre: tuple[str, ...] = ()
    duration_s: float | None = None
    language: str = ""


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One observation of one account on one platform.

    event_id: 8 bytes, hash of (source, id): equal for what a platform sends twice.
    account: 32 hex digits, the keyed hash of (platform, platform user id).
    type: `<platform>.<object>.<action>` as in the contract.
    occurred_at_s: event time in UTC seconds, skew corrected. received_at_s: the broker's clock.
    strength: in [-1, 1], how much of the action's weight counts, sign included (rating 1..5 -> -1..1, watch 0..1).
    reverses: event_id of the event that this one takes back, or None.
    will: what the person decides with it about their data, or None.
    is_rated: whether the person gave stars beside their words, so that these do not decide alone.
    traits: what the account says about its person (`domain.trait_intake`), None for a trait that it takes back.
    experiment: the assignment that the event was made under, `<name>:<variant>`, or empty.
    """

    event_id: bytes
    account: str
    platform: str
    type: str
    occurred_at_s: float
    received_at_s: float
    strength: float = 1.0
    item: Item | None = None
    text: str = ""
    session: str = ""
    reverses: bytes | None = None
    version: int = EVENT_VERSION
    will: Will | None = None
    is_rated: bool = False
    traits: dict[str, TraitValue | None] | None = None
    experiment: str = ""


class ItemRecord(msgspec.Struct, frozen=True, array_like=True):
    """The record of the `item-vectors` topic: an item, its text's unit vector and where it came from.

    vector: float16 bytes, (D,), unit L2 norm. model: `<name>@<version>` of the encoder.
    updated_at_s: event time of the `item.upserted`; offset: its offset in `items`, newer wins.
    """

    platform: str
    item: Item
    model: str
    vector: bytes
    degraded: bool
    updated_at_s: float
    offset: int
    version: int = EVENT_VERSION


def event_id(source: str, identifier: str) -> bytes:
    """The dedup id of a CloudEvent: BLAKE2b-64 over (source, id), length-prefixed so that no two pairs run together.

    >>> event_id("/platforms/shop-eu", "e-1").hex()
    '0bf249cddd180474'
    """
    head = source.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(
        len(head).to_bytes(4, "big") + head + identifier.encode("utf-8", "surrogatepass"), digest_size=EVENT_ID_BYTES
    ).digest()


def item_key(platform: str, item_id: str) -> str:
    """Key of an item across platforms: `<platform>:<item_id>`.

    >>> item_key("shop", "i-1")
    'shop:i-1'
    """
    return f"{platform}:{item_id}"
