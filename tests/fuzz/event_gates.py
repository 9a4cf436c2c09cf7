"""The gates that platforms speak to: events in every form, events of a mapped platform, items.

Every batch holds good events between the bad ones; they must come out as if the others were not there, and every dead
letter must hold what came in, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import chain

import msgspec

from streams.adapters.cloudevents import decode
from streams.adapters.mapping_files import action_table, decoder_for, load_mappings
from streams.adapters.salvage import salvage_for
from streams.domain.dead_letters import DeadLetter, decode_dead_letter
from streams.domain.events import Event, ItemRecord
from streams.domain.limits import IngestLimits
from streams.domain.platforms import Platform
from streams.domain.profiles import Model
from streams.domain.raw import RawRecord
from streams.domain.reasons import MEANING
from streams.service.describe_items import ItemDescriber
from streams.service.letter_owners import EventOwners
from streams.service.normalise import Normaliser, own_homes
from tests.fuzz.findings import Violation
from tests.fuzz.mutations import Parts
from tests.fuzz.texts import ZeroTexts
from tests.support.cloud_events import FORMS, NOON_S, a_cloud_event, a_record, an_item

SECRET = b"0123456789abcdef"
N_AT_ONCE = 64
KINDS = ("shop.product.viewed", "shop.review.posted", "shop.order.refunded", "shop.video.played", "shop.user.traits")
_encode = msgspec.msgpack.Encoder().encode
_decode_event = msgspec.msgpack.Decoder(Event).decode


def parts_of(record: RawRecord) -> Parts:
    """(value, key, header name, header value, …)."""
    return record.value, record.key, *chain.from_iterable((name.encode(), value) for name, value in record.headers)


def record_of(parts: Parts, offset: int) -> RawRecord:
    """The opposite, for parts of any number."""
    value, key, *rest = (*parts, None, None)[: max(2, len(parts))]
    pairs = zip(rest[::2], rest[1::2], strict=False)
    headers = tuple(((name or b"").decode("utf-8", "replace"), said) for name, said in pairs)
    return RawRecord(value, headers, NOON_S, "events.shop", 1, offset, key)


def letters_keep_bytes(letters: Sequence[DeadLetter], records: Sequence[RawRecord]) -> dict[int, str]:
    """Reason by offset. Raises Violation."""
    reasons: dict[int, str] = {}
    for letter in letters:
        source = records[letter.offset]
        kept = letter.value == source.value and letter.key == source.key and letter.headers == source.headers
        if not kept or letter.offset in reasons or letter.reason not in MEANING:
            raise Violation(
                f"dead letter {letter.reason}: not the bytes that came, a repeat, or no reason of the contract"
            )
        if decode_dead_letter(letter.encode()) != letter:
            raise Violation("dead letter does not come back from its own encoding")
        reasons[letter.offset] = letter.reason
    return reasons


class Normalising:
    """A platform's records through the whole gate. good: a record that must come through."""

    n_at_once = N_AT_ONCE

    def __init__(self, name: str, platform: Platform, good: RawRecord, seeds: Callable[[], list[Parts]]) -> None:
        mappings = load_mappings("docs/mappings")
        self.name = name
        self.seeds = seeds
        self._platform = platform
        self._good = good
        self._gate = Normaliser(SECRET, decoder_for(mappings), action_table(mappings))
        self._owned = EventOwners(SECRET, lambda _: platform, salvage_for(mappings), own_homes)
        (self._expected,) = self._gate.normalise([good], platform).events

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation."""
        records: list[RawRecord] = []
        for case in cases:
            records.append(record_of(case, len(records)))
            records.append(msgspec.structs.replace(self._good, offset=len(records)))
        batch = self._gate.normalise(records, self._platform)
        reasons = letters_keep_bytes([self._owned(letter) for letter in batch.dead], records)
        if len(batch.events) + len(batch.dead) + batch.n_late + batch.n_ignored + batch.n_refused != len(records):
            raise Violation("a record is neither event nor dead letter nor counted")
        if sum(event == self._expected for event in batch.events) < len(cases) or any(at % 2 for at in reasons):
            raise Violation("a good event was lost behind a bad one")
        for user, event in batch.events:
            if not -1.0 <= event.strength <= 1.0 or not user or _decode_event(_encode(event)) != event:
                raise Violation(f"an event left the gate that nobody should read: strength {event.strength}")
        n_events = len(batch.events) - len(cases)
        fates = ["accepted"] * n_events + ["late"] * batch.n_late + ["ignored"] * batch.n_ignored
        return [*fates, *["refused"] * batch.n_refused, *reasons.values()]


class Describing:
    """The `items` topic through the catalogue's use case, with an encoder that costs nothing."""

    name = "items"
    n_at_once = N_AT_ONCE

    def __init__(self) -> None:
        self._describer = ItemDescriber(
            decode, IngestLimits(), ZeroTexts(), Model("none", "1", ZeroTexts.dim), degraded=False
        )
        self._good = item_record("shop.item.upserted", "json", "good-item")

    def seeds(self) -> list[Parts]:
        """Upserts and deletes in every form, with and without the key."""
        return [parts_of(item_record(kind, form, key=key))
                for kind in ("shop.item.upserted", "shop.item.deleted", "item.upserted") for form in FORMS
                for key in (None, b"shop:sku-1")] + [(None, b"shop:sku-1")]  # fmt: skip

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation."""
        records: list[RawRecord] = [record_of(case, at) for at, case in enumerate(cases)]
        records.append(msgspec.structs.replace(self._good, offset=len(records)))
        described = self._describer.describe(records)
        reasons = letters_keep_bytes(described.dead, records)
        items = dict(described.items)
        good = items.get("shop:good-item")
        if good is None or good.offset != len(cases) or len(cases) in reasons:
            raise Violation("a good item was lost behind a bad one")
        for record in items.values():
            if record is not None and msgspec.msgpack.decode(_encode(record), type=ItemRecord) != record:
                raise Violation("an item left the gate that nobody can read")
        return [*["accepted"] * (len(cases) - len(reasons)), *reasons.values()]


def item_record(kind: str, form: str, item_id: str = "sku-1", key: bytes | None = None) -> RawRecord:
    """A record of `items`."""
    event = a_cloud_event(kind, subject=None, data={"item": an_item(item_id=item_id, description="Light", genre=["a"])})
    return a_record(event, form, key=key)  # type: ignore[arg-type]  # one of FORMS


def event_seeds() -> list[Parts]:
    """Valid events of several actions in every form."""
    full = {"item": an_item(description="<b>Light</b> &amp; quick", genre=["a", "b"], duration_s=60.0, language="en"),
            "text": "Great grip 好 https://t.example", "query": "shoe", "rating": 4.5, "quantity": 2, "position_s": 30.0,
            "duration_s": 60.0, "completed": False, "dwell_s": 12.5, "reverses_id": "e-0", "value": 3,
            "traits": {"a": [1], "gender": "f", "age": 30, "birthday": "1990-05-01", "language": "zh-CN"}}  # fmt: skip
    more = {"sentat": "2024-05-01T11:59:01.5Z", "sessionid": "s-1", "userid": "u", "anonymousid": "a", "consent": "granted",
            "experiment": "a:b", "dataschema": "urn:braid:event:1.2", "datacontenttype": "application/json"}  # fmt: skip
    events = [a_cloud_event(kind, data=full, **more) for kind in KINDS] + [a_cloud_event()]
    packed = a_cloud_event(data=None, data_base64="eyJpdGVtIjp7Iml0ZW1faWQiOiJhIn19")
    return [parts_of(a_record(event, form)) for event in events for form in FORMS] + [parts_of(a_record(packed))]


def health_event(**changes: object) -> RawRecord:
    """A record of the mapped platform."""
    said = {"eventId": 1, "kind": "EXERCISE_DONE", "at": NOON_S * 1e3 - 1, "uploadedAt": NOON_S * 1e3, "member": {"id": 7},
            "visit": "v", "note": "hard", "mark": 7, "minutesDone": 6, "state": "finished",
            "plan": {"code": "P-1", "name": "Core", "minutes": 10, "area": 1, "labels": "core;back", "coach": "Kim"}}  # fmt: skip
    return RawRecord(json.dumps(said | changes).encode(), (), NOON_S, "events.health", 0, 0, b"k")


def health_seeds() -> list[Parts]:
    """Every kind that the mapping knows, as JSON and MessagePack."""
    kinds = ("EXERCISE_DONE", "EXERCISE_UNDONE", "PLAN_RATED", "PLAN_OPENED", "HEARTBEAT")
    values = [health_event(kind=kind).value or b"" for kind in kinds]
    return [(value, b"k") for value in (*values, *(_encode(json.loads(value)) for value in values))]


def events() -> Normalising:
    """CloudEvents in the three forms."""
    return Normalising("events", Platform("shop"), a_record(a_cloud_event(id="good")), event_seeds)


def mapped_events() -> Normalising:
    """Events of a platform with a mapping file."""
    return Normalising("mapped-events", Platform("health"), health_event(eventId="good"), health_seeds)
