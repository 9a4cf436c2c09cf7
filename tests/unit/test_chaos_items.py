"""The verdict over the catalogue: the oracle's last word, and every way in which `item-vectors` may differ from it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.events import Item, ItemRecord
from tests.chaos.items import Said, an_item_load, last_words
from tests.chaos.verdict_items import item_faults, vectors_of
from tests.support.pipeline import a_load

TEA, CAKE = Item("i1", title="tea"), Item("i1", title="cake")
KEY = "shop:i1"


@dataclass(frozen=True)
class Published:
    """As much of a Kafka message as the verdict looks at."""

    name: str
    content: bytes | None

    def key(self) -> bytes:
        return self.name.encode()

    def value(self) -> bytes | None:
        return self.content


def published(item: Item, offset: int, vector_of: Item | None = None) -> Published:
    vector = vectors_of([vector_of or item])[0].astype(np.float16).tobytes()
    record = ItemRecord("shop", item, "hashed@1", vector, degraded=True, updated_at_s=0.0, offset=offset)
    return Published(KEY, msgspec.msgpack.encode(record))


GONE = Published(KEY, None)
SAID = {(KEY, 0): Said(KEY, TEA), (KEY, 1): Said(KEY, CAKE)}
SAID_AND_DELETED = {**SAID, (KEY, 2): Said(KEY, None)}


def faults(messages: list[Published], said: dict[tuple[str, int], Said]) -> list[str]:
    return list(item_faults(messages, said))  # type: ignore[arg-type]


def test_the_last_word_passes_also_when_older_ones_come_again_before_it() -> None:
    again = [published(TEA, 0), published(CAKE, 1), published(TEA, 0), published(CAKE, 1)]
    assert faults(again, SAID) == []
    assert faults([*again, GONE], SAID_AND_DELETED) == []


@pytest.mark.parametrize(
    ("messages", "said", "words"),
    [
        ([published(CAKE, 1), published(TEA, 0)], SAID, "not as last published"),
        ([], SAID, "1 of 1 items missing"),
        ([published(CAKE, 1)], SAID_AND_DELETED, "1 deleted ones left"),
        ([published(CAKE, 1), GONE], SAID, "nobody asked for"),
        ([published(TEA, 1)], SAID, "no record of items said"),
        ([published(CAKE, 7)], SAID, "no record of items said"),
        ([published(CAKE, 1, vector_of=TEA)], SAID, "not those of their texts"),
        ([Published(KEY, b"\xc1")], SAID, "no record of items said"),
    ],
)
def test_whatever_is_not_the_last_word_is_a_violation(
    messages: list[Published], said: dict[tuple[str, int], Said], words: str
) -> None:
    assert any(words in fault for fault in faults(messages, said))


@given(st.permutations(range(6)), st.lists(st.sampled_from([TEA, CAKE, None]), min_size=6, max_size=6))
def test_the_last_word_does_not_depend_on_the_order_in_which_confirmations_came(
    order: list[int], words: list[Item | None]
) -> None:
    said = {(KEY, offset): Said(KEY, words[offset]) for offset in order}
    assert last_words(said) == ({} if words[-1] is None else {KEY: words[-1]})


def test_the_load_says_deletes_and_garbles() -> None:
    load = an_item_load(3, 400, a_load(3, 200, 20, 1e9).facts, 1e9)
    meanings = [load.meaning_of(key, value) for key, value in load.records]
    n_unreadable = sum(said is None for said in meanings)
    n_gone = sum(said is not None and said.item is None for said in meanings)
    assert n_unreadable >= 5
    assert n_gone >= 20
    assert len(meanings) - n_unreadable - n_gone >= 300
