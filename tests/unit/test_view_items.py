from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rocksdict import Cache

from streams.adapters.item_cache import ItemCache
from streams.adapters.item_catalogue import LocalItemCatalogue
from streams.adapters.local_view import LocalView
from streams.domain.events import Item
from streams.domain.item_entries import ItemEntry
from tests.support.serving import (
    ENCODER,
    NOON_S,
    VECTOR_MODEL,
    _encode_item,
    a_batch,
    an_item,
    an_item_record,
    messages_of,
)

KEYS = [f"shop:{n}" for n in range(12)]


def a_record(number: int, version: int = 0, **more: str):
    return an_item_record("shop", an_item(str(number), f"title {number} of version {version}"), **more)


def said(number: int, version: int = 0) -> np.ndarray:
    return np.frombuffer(a_record(number, version).vector, np.float16)


def a_catalogue(folder: Path, cached_items: int = 4) -> LocalItemCatalogue:
    return LocalItemCatalogue(LocalView(folder / "items", Cache(1 << 20), NOON_S), VECTOR_MODEL, cached_items)


def publish(catalogue: LocalItemCatalogue, *records: tuple[str, bytes | None]) -> None:
    catalogue.apply(a_batch(messages_of(records, catalogue.next_offsets().get(0, 0))))


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[LocalItemCatalogue]:
    catalogue = a_catalogue(tmp_path)
    publish(catalogue, *((key, _encode_item(a_record(n))) for n, key in enumerate(KEYS)))
    yield catalogue
    catalogue.close()


@pytest.mark.requirement("A15")
def test_vectors_come_in_the_order_asked_with_zeros_for_unknown_items(catalogue: LocalItemCatalogue) -> None:
    for _ in range(2):  # cold, then warm
        vectors, found = catalogue.vectors_of(["shop:3", "shop:nothing", "shop:1", "shop:3"])
        assert found.tolist() == [True, False, True, True]
        expected = np.stack([said(3), np.zeros(ENCODER.dim), said(1), said(3)])
        assert vectors.dtype == np.float32
        assert np.allclose(vectors, expected, atol=1e-3)


def test_more_items_than_the_cache_holds_are_all_found(catalogue: LocalItemCatalogue) -> None:
    for _ in range(3):
        vectors, found = catalogue.vectors_of(KEYS)
        assert found.all()
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        assert [item.item_id for item in catalogue.items_of(KEYS)] == [str(n) for n in range(12)]


def test_a_new_version_and_a_deletion_reach_readers_at_once(catalogue: LocalItemCatalogue) -> None:
    catalogue.vectors_of(KEYS[:2])
    publish(catalogue, ("shop:0", _encode_item(a_record(0, version=1))), ("shop:1", None))
    vectors, found = catalogue.vectors_of(KEYS[:2])
    assert found.tolist() == [True, False]
    assert np.allclose(vectors[0], said(0, version=1), atol=1e-3)
    assert catalogue.items_of(KEYS[:2])[1] is None


@pytest.mark.requirement("D11")
def test_an_item_of_another_model_has_words_but_no_vector(catalogue: LocalItemCatalogue) -> None:
    publish(catalogue, ("shop:0", _encode_item(a_record(0, model="other@1"))))
    for _ in range(2):
        assert not catalogue.vectors_of(["shop:0"])[1][0]
        assert catalogue.items_of(["shop:0"])[0] is not None


@pytest.mark.requirement("A7")
def test_a_record_that_cannot_be_read_is_as_good_as_none(catalogue: LocalItemCatalogue) -> None:
    publish(catalogue, ("shop:0", b"\xff\xfe"))
    assert catalogue.items_of(["shop:0", "shop:1"])[0] is None
    assert not catalogue.vectors_of(["shop:0"])[1][0]
    assert "shop:0" not in dict(catalogue.records())


def test_a_restart_finds_the_items_and_where_to_go_on(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    publish(catalogue, ("shop:1", _encode_item(a_record(1))))
    catalogue.close()
    again = a_catalogue(tmp_path)
    assert again.next_offsets() == {0: 1}
    assert again.vectors_of(["shop:1"])[1].all()
    again.close()


@given(st.lists(st.tuples(st.sampled_from(["read", "put", "drop"]), st.sampled_from(KEYS)), max_size=80))
def test_a_full_cache_never_answers_for_another_key(steps: list[tuple[str, str]]) -> None:
    cache, latest = ItemCache(capacity=4, dim=2), {}
    for number, (step, key) in enumerate(steps):
        if step == "put":
            latest[key] = np.array([number, 1], np.float32)
            cache.put(key, ItemEntry("shop", Item(key), float(number)), latest[key])
        elif step == "drop":
            cache.drop(key)
            latest.pop(key, None)
        slots = cache.slots_of([key])
        vectors, found = cache.vectors_at(slots)
        assert len(cache) <= 4
        if step == "put":
            assert found[0]
        if found[0]:
            assert vectors[0].tolist() == latest[key].tolist()
            assert cache.entries_at(slots)[0].item.item_id == key


def test_what_is_read_often_stays_in_a_full_cache() -> None:
    cache = ItemCache(capacity=8, dim=2)
    for number in range(200):
        cache.put(f"shop:{number}", ItemEntry("shop", Item(str(number)), 0.0), None)
        cache.slots_of(["shop:0"])
    assert "shop:0" in cache
