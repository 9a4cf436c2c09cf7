"""The verdict over the catalogue: `item-vectors` says what `items` said, and in the end the last word of each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from confluent_kafka import Message

from encoders.factory import EncoderSpec, build_encoder
from streams.adapters.item_records import unpack_item
from streams.domain.events import Item, ItemRecord
from streams.domain.rendering import render_item
from tests.chaos.items import Said, last_words


def item_faults(messages: Sequence[Message], said: Mapping[tuple[str, int], Said]) -> Iterator[str]:
    """Everything about `item-vectors` that is not as promised. said: (key, offset in `items`) -> meaning."""
    gone = {key for (key, _), word in said.items() if word.item is None}
    last: dict[str, ItemRecord] = {}
    for message in messages:
        key, value = message.key().decode(), message.value()
        if value is None:
            if key not in gone:
                yield f"{key} was deleted from item-vectors, which nobody asked for"
            last.pop(key, None)
            continue
        record = unpack_item(value)
        word = None if record is None else said.get((key, record.offset))
        if record is None or word is None or not _says(record, word.item):
            yield f"item-vectors holds a record of {key} that says what no record of items said"
            continue
        last[key] = record
    yield from _last_word_faults(last, last_words(said))


def _last_word_faults(last: Mapping[str, ItemRecord], expected: Mapping[str, Item]) -> Iterator[str]:
    if last.keys() != expected.keys():
        lost, strange = expected.keys() - last.keys(), last.keys() - expected.keys()
        yield f"item-vectors: {len(lost)} of {len(expected)} items missing, {len(strange)} deleted ones left"
    both = sorted(last.keys() & expected.keys())
    stale = [key for key in both if not _says(last[key], expected[key])]
    if stale:
        yield f"item-vectors: {len(stale)} of {len(both)} items are not as last published, first {stale[0]}"
    exact = vectors_of([expected[key] for key in both]).astype(np.float16) if both else ()
    wrong = [key for key, row in zip(both, exact, strict=True) if not _is_near(last[key].vector, row)]
    if wrong and not stale:
        yield f"item-vectors: {len(wrong)} of {len(both)} vectors are not those of their texts, first {wrong[0]}"


def vectors_of(items: list[Item]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Float32 (N, D): what the encoder of the workers under test makes of the items."""
    return build_encoder(EncoderSpec("hashed")).encode([render_item(item) for item in items]).vectors


def _says(record: ItemRecord, item: Item | None) -> bool:
    return item is not None and (record.item.item_id, record.item.title, record.item.category) == (
        item.item_id,
        item.title,
        item.category,
    )


def _is_near(vector: bytes, exact: np.ndarray[tuple[int], np.dtype[np.float16]]) -> bool:
    row = np.frombuffer(vector, np.float16)
    return row.shape == exact.shape and bool(np.abs(row.astype(np.float32) - exact.astype(np.float32)).max() < 2e-3)
