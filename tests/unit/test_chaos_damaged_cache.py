"""Damage that several threads read at once leaves an empty cache that works, and no error in any of them."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from streams.adapters.embedding_cache import MIN_BYTES, RocksEmbeddingCache
from tests.chaos.damage import break_files, files_of

KEYS = [b"%016d" % number for number in range(600)]


def damaged(folder: Path, seed: int) -> RocksEmbeddingCache:
    cache = RocksEmbeddingCache(folder, MIN_BYTES)
    cache.put_many({key: random.Random(key).randbytes(768) for key in KEYS})
    cache.close()
    assert break_files(files_of(folder, (".sst",)), random.Random(seed), 1, 6)
    return RocksEmbeddingCache(folder, MIN_BYTES)


def test_threads_that_meet_damage_together_lose_the_cache_and_nothing_else(tmp_path: Path) -> None:
    n_resets = 0
    for seed in range(12):
        cache = damaged(tmp_path / str(seed), seed)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n, cache=cache: cache.get_many(random.Random(n).sample(KEYS, 500)), range(400)))
        cache.put_many({b"k" * 16: b"again"})
        assert cache.get_many([b"k" * 16]) == [b"again"]
        n_resets += cache.n_resets
    assert n_resets >= 6, "hardly any damage was met: the test has lost its point"
