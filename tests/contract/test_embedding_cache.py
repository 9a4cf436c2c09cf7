"""What every embedding cache promises (streams/ports.py `EmbeddingCache`), and what only the one on disk can."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from streams.adapters.embedding_cache import MemoryEmbeddingCache, RocksEmbeddingCache
from streams.errors import Unavailable
from streams.ports import EmbeddingCache
from tests.support.brokers import eventually

BOUND_BYTES = 1 << 20
VALUE_BYTES = 768


def _keys(n: int, first: int = 0) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(first, first + n)]


def _entries(keys: list[bytes]) -> dict[bytes, bytes]:
    return {key: np.random.default_rng(int.from_bytes(key, "big")).bytes(VALUE_BYTES) for key in keys}


def _fill_another_file(cache: EmbeddingCache) -> None:
    """The threads that drop files may be behind, and look again no later than when the next one is full."""
    cache.put_many(_entries(_keys(100, first=10_000)))


@pytest.fixture(params=["memory", "rocks"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryEmbeddingCache | RocksEmbeddingCache]:
    built = (
        MemoryEmbeddingCache(BOUND_BYTES) if request.param == "memory" else RocksEmbeddingCache(tmp_path, BOUND_BYTES)
    )
    yield built
    built.close()


def test_an_empty_cache_has_nothing_for_any_key(cache: EmbeddingCache) -> None:
    assert cache.get_many(_keys(3)) == [None, None, None]
    assert cache.get_many([]) == []


@pytest.mark.requirement("D6")
def test_what_was_put_comes_back_in_the_order_asked(cache: EmbeddingCache) -> None:
    entries = _entries(_keys(20))
    cache.put_many(entries)
    cache.put_many({})
    asked = [*_keys(5, first=100), *reversed(list(entries)), *_keys(2)]
    assert cache.get_many(asked) == [entries.get(key) for key in asked]


def test_a_later_value_replaces_an_earlier_one(cache: EmbeddingCache) -> None:
    key = _keys(1)[0]
    cache.put_many({key: b"old"})
    cache.put_many({key: b"new"})
    assert cache.get_many([key]) == [b"new"]


def test_it_stays_within_its_bound_and_keeps_the_newest(cache: MemoryEmbeddingCache | RocksEmbeddingCache) -> None:
    largest = 0
    for first in range(0, 6000, 50):
        cache.put_many(_entries(_keys(50, first)))
        largest = max(largest, cache.n_bytes)
    assert largest <= 2 * BOUND_BYTES  # 4.6 times as much was written
    _fill_another_file(cache)
    eventually(lambda: cache.n_bytes <= BOUND_BYTES)
    newest, oldest = _keys(200, first=5800), _keys(200)
    assert None not in cache.get_many(newest)
    assert set(cache.get_many(oldest)) == {None}


def test_one_call_larger_than_the_bound_keeps_a_part(cache: MemoryEmbeddingCache | RocksEmbeddingCache) -> None:
    entries = _entries(_keys(3000))
    cache.put_many(entries)
    _fill_another_file(cache)
    eventually(lambda: cache.n_bytes <= BOUND_BYTES)
    kept = [value for value in cache.get_many(list(entries)) if value is not None]
    assert 300 < len(kept) < len(entries)


def test_several_threads_may_read_and_write_at_once(cache: EmbeddingCache) -> None:
    def turn(number: int) -> bool:
        entries = _entries(_keys(10, first=10 * number))
        cache.put_many(entries)
        return cache.get_many(list(entries)) == list(entries.values())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(turn, range(60)))


def test_a_memory_cache_of_no_bytes_keeps_nothing() -> None:
    cache = MemoryEmbeddingCache(0)
    cache.put_many(_entries(_keys(3)))
    assert cache.get_many(_keys(3)) == [None, None, None]


def test_a_memory_cache_drops_what_was_asked_for_least_recently() -> None:
    keys = _keys(4)
    cache = MemoryEmbeddingCache(3 * (16 + VALUE_BYTES))
    cache.put_many(_entries(keys[:3]))
    cache.get_many(keys[:1])
    cache.put_many(_entries(keys[3:]))
    assert [value is None for value in cache.get_many(keys)] == [False, True, False, False]


@pytest.mark.requirement("D6")
def test_a_cache_on_disk_survives_a_restart(tmp_path: Path) -> None:
    entries = _entries(_keys(300))
    for _ in range(2):
        cache = RocksEmbeddingCache(tmp_path, BOUND_BYTES)
        cache.put_many(entries)
        cache.close()
    cache = RocksEmbeddingCache(tmp_path, BOUND_BYTES)
    assert cache.get_many(list(entries)) == list(entries.values())
    assert cache.n_resets == 0
    cache.close()


def _flip(folder: Path) -> None:
    for file in folder.glob("*.sst"):
        content = bytearray(file.read_bytes())
        content[500 : len(content) - 2000 : 997] = bytes(len(range(500, len(content) - 2000, 997)))
        file.write_bytes(content)


def _cut(folder: Path) -> None:
    for file in folder.glob("*.sst"):
        os.truncate(file, file.stat().st_size // 2)


def _lose(folder: Path) -> None:
    for file in folder.glob("*.sst"):
        file.unlink()


def _scribble(folder: Path) -> None:
    for file in folder.glob("MANIFEST-*"):
        file.write_bytes(bytes(range(256)))


def _misdirect(folder: Path) -> None:
    (folder / "CURRENT").write_bytes(b"nowhere")


@pytest.mark.parametrize("damage", [_flip, _cut, _lose, _scribble, _misdirect])
def test_damaged_files_are_dropped_counted_and_never_raised(tmp_path: Path, damage: object) -> None:
    entries = _entries(_keys(600))
    cache = RocksEmbeddingCache(tmp_path, BOUND_BYTES)
    cache.put_many(entries)
    cache.close()
    damage(tmp_path / "rocks")
    cache = RocksEmbeddingCache(tmp_path, BOUND_BYTES)
    found = cache.get_many(list(entries))
    assert all(value in (None, entry) for value, entry in zip(found, entries.values(), strict=True))
    assert None in found
    assert cache.n_resets == 1
    cache.put_many(entries)
    assert cache.get_many(list(entries)[-100:]) == list(entries.values())[-100:]
    cache.close()


def test_two_processes_cannot_share_a_folder_and_the_second_harms_nothing(tmp_path: Path) -> None:
    entries = _entries(_keys(5))
    first = RocksEmbeddingCache(tmp_path, BOUND_BYTES)
    first.put_many(entries)
    with pytest.raises(Unavailable, match="stop the other process that uses it, or give each its own folder"):
        RocksEmbeddingCache(tmp_path, BOUND_BYTES)
    assert first.get_many(list(entries)) == list(entries.values())
    first.close()


def test_a_closed_cache_only_misses(tmp_path: Path) -> None:
    cache = RocksEmbeddingCache(tmp_path, BOUND_BYTES)
    cache.close()
    cache.close()
    cache.put_many(_entries(_keys(1)))
    assert cache.get_many(_keys(2)) == [None, None]


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="choose a folder one may write to"):
        RocksEmbeddingCache(tmp_path / "file", BOUND_BYTES)


def test_a_bound_below_one_mebibyte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_bytes = 1000: the cache on disk needs at least 1048576"):
        RocksEmbeddingCache(tmp_path, 1000)
