"""The gate of the `items` topic: what platforms say about their items, cleaned, or the word that an item is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streams.domain import reasons
from streams.domain.clocks import settle
from streams.domain.envelopes import MAX_ITEM_ID_CHARS, Decode, Envelope
from streams.domain.events import Item, item_key
from streams.domain.item_intake import clean_item
from streams.domain.limits import IngestLimits
from streams.domain.platforms import Platform, parse_platform
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent

STAGE: Final = "catalogue"
UPSERTED: Final = "item.upserted"
DELETED: Final = "item.deleted"


@dataclass(frozen=True, slots=True)
class ItemUpserted:
    """An item is new or has changed. updated_at_s: event time in UTC seconds, skew corrected."""

    platform: Platform
    item: Item
    updated_at_s: float


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    """An item is gone."""

    platform: Platform
    item_id: str


def decode_item(record: RawRecord, limits: IngestLimits, decode: Decode) -> ItemUpserted | ItemDeleted:
    """What a record of `items` says. Raises InvalidEvent.

    The type is `<platform>.item.upserted` or `.deleted`, or the same without the platform when the key
    (`<platform>:<item_id>`) names it. A null value deletes; a key that names another item is refused, since
    compaction would remove the wrong one.
    """
    key = None if record.key is None else _key(record.key)
    if record.value is None:
        if key is None:
            raise InvalidEvent(reasons.WRONG_KEY, "key: a null value needs <platform>:<item_id>")
        return ItemDeleted(*key)
    envelope = decode(record)
    platform, action = _platform_and_action(envelope, key)
    if action not in (UPSERTED, DELETED):
        raise InvalidEvent(reasons.UNKNOWN_TYPE, f"type: use <platform>.{UPSERTED} or <platform>.{DELETED}")
    if envelope.data is None or envelope.data.item is None:
        raise InvalidEvent(reasons.MISSING_FIELD, "data.item")
    item = clean_item(envelope.data.item, limits)
    if key is not None and item_key(*key) != item_key(platform, item.item_id):
        raise InvalidEvent(reasons.WRONG_KEY, "key: must be <platform>:<item_id> of the event")
    if action == DELETED:
        return ItemDeleted(platform, item.item_id)
    moment = settle(envelope.time, envelope.sentat, record.timestamp_s, limits)
    return ItemUpserted(platform, item, moment.occurred_at_s)


def _key(raw: bytes) -> tuple[Platform, str]:
    try:
        platform, _, item_id = raw.decode().partition(":")
        checked = parse_platform(platform)
    except ValueError:
        raise InvalidEvent(reasons.WRONG_KEY, "key: use <platform>:<item_id> in UTF-8") from None
    if not 0 < len(item_id) <= MAX_ITEM_ID_CHARS or not item_id.isprintable() or item_id.isspace():
        raise InvalidEvent(reasons.WRONG_KEY, f"key: an item id has 1-{MAX_ITEM_ID_CHARS} printable characters")
    return checked, item_id


def _platform_and_action(envelope: Envelope, key: tuple[Platform, str] | None) -> tuple[Platform, str]:
    if envelope.type in (UPSERTED, DELETED):
        if key is None:
            raise InvalidEvent(reasons.WRONG_PLATFORM, "type: name the platform, in the type or in the key")
        return key[0], envelope.type
    platform, _, action = envelope.type.partition(".")
    try:
        return parse_platform(platform), action
    except ValueError:
        raise InvalidEvent(reasons.WRONG_PLATFORM, "type: must begin with the name of a platform") from None
