"""The load on `items`: what platforms say about items, again and again, and what the last word was."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from streams.domain.events import Item, item_key
from tests.support.pipeline import WORDS, Fact

#: Items whose texts change all the time; no event is about them, so no profile depends on when a change arrives.
N_CHANGING = 40
SHARE_CHANGING, SHARE_GONE, SHARE_INVALID = 0.6, 0.12, 0.03


@dataclass(frozen=True)
class Said:
    """What one record says. item None: it is gone."""

    key: str
    item: Item | None


@dataclass
class ItemLoad:
    """Records (key, value) in order. said: by value; a null value says that the item of its key is gone."""

    records: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    said: dict[bytes, Said] = field(default_factory=dict)

    def meaning_of(self, key: bytes, value: bytes | None) -> Said | None:
        """None for a record that nobody can read."""
        return Said(key.decode(), None) if value is None else self.said.get(value)


def an_item_load(seed: int, n_records: int, facts: Sequence[Fact], now_s: float) -> ItemLoad:
    """Items of the facts, always with the facts' own words, and others whose words change; both come and go."""
    rng = random.Random(f"items-{seed}")
    settled = {item_key(fact.platform, fact.item.item_id): fact.item for fact in facts}
    keys, load = sorted(settled), ItemLoad()
    for number in range(n_records):
        if rng.random() < SHARE_CHANGING:
            item_id = f"changing-{rng.randrange(N_CHANGING)}"
            key, item = item_key("shop", item_id), Item(item_id, title=" ".join(rng.sample(WORDS, 5)))
        else:
            key = rng.choice(keys)
            item = settled[key]
        key_bytes, luck = key.encode(), rng.random()
        if luck < SHARE_INVALID:
            load.records.append((key_bytes, _an_invalid_item(rng, number, key, item, now_s)))
        elif luck < SHARE_GONE / 2:
            load.records.append((key_bytes, None))
        else:
            is_gone = luck < SHARE_GONE
            value = _cloud_event(number, key, "deleted" if is_gone else "upserted", item, now_s)
            load.said[value] = Said(key, None if is_gone else item)
            load.records.append((key_bytes, value))
    return load


def last_words(said: Mapping[tuple[str, int], Said]) -> dict[str, Item]:
    """The items that are there in the end: of all that was said about a key, the highest offset counts."""
    last: dict[str, tuple[int, Said]] = {}
    for (key, offset), word in said.items():
        if key not in last or offset > last[key][0]:
            last[key] = offset, word
    return {key: word.item for key, (_, word) in last.items() if word.item is not None}


def _cloud_event(number: int, key: str, action: str, item: Item, at_s: float) -> bytes:
    platform = key.partition(":")[0]
    said = {"item_id": item.item_id, "title": item.title, "category": item.category}
    event = {
        "specversion": "1.0",
        "id": f"i-{number}",
        "source": f"/platforms/{platform}/items",
        "type": f"{platform}.item.{action}",
        "time": datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {"item": {name: value for name, value in said.items() if value}},
    }
    return json.dumps(event).encode()


def _an_invalid_item(rng: random.Random, number: int, key: str, item: Item, at_s: float) -> bytes:
    return rng.choice(list(_unreadable(number, key, item, at_s)))


def _unreadable(number: int, key: str, item: Item, at_s: float) -> Iterator[bytes]:
    yield f"{{not an item {number}".encode()
    yield _cloud_event(number, key, "painted", item, at_s)
    yield _cloud_event(number, key, "upserted", Item(f"other-{number}", title=item.title), at_s)
