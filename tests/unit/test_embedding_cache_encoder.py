"""An encoder behind a cache: each text once, and the same vector whether it was a hit or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.encoding import Encoding
from encoders.hashed import HashedEncoder
from streams.adapters.embedding_cache import MemoryEmbeddingCache
from streams.ports import Role
from streams.service.encode_texts import CachingEncoder, cache_key

TEXTS = st.lists(st.sampled_from(["tea", "绿茶", "coffee", "", "chess", "🎸 guitar", "\ud800"]), max_size=20)
BATCHES = st.lists(st.tuples(TEXTS, st.sampled_from(["passage", "query"])), min_size=1, max_size=5)


class CountingEncoder(HashedEncoder):
    """A real encoder that remembers what it was asked."""

    def __init__(self, dim: int = 64) -> None:
        super().__init__(dim)
        self.asked: list[str] = []

    def encode(self, texts: list[str], role: Role = "passage") -> Encoding:
        self.asked.extend(texts)
        return super().encode(texts, role)


def _cached(max_bytes: int = 1 << 20) -> tuple[CachingEncoder, CountingEncoder]:
    encoder = CountingEncoder()
    return CachingEncoder(encoder, MemoryEmbeddingCache(max_bytes)), encoder


@pytest.mark.requirement("D6")
def test_the_same_text_twice_is_encoded_once_and_the_hit_is_counted() -> None:
    cached, encoder = _cached()
    first = cached.encode(["tea", "coffee", "tea"])
    second = cached.encode(["coffee", "tea"])
    assert encoder.asked == ["tea", "coffee"]
    assert (first.n_hits, first.n_misses) == (1, 2)
    assert (second.n_hits, second.n_misses, second.report) == (2, 0, None)
    assert first.report is not None
    assert first.report.n_texts == 2


@pytest.mark.requirement("D6", "D10")
@given(BATCHES)
def test_a_hit_equals_a_miss_bit_for_bit(batches: list[tuple[list[str], Role]]) -> None:
    warm, _ = _cached()
    for texts, role in batches:
        cold, _ = _cached()
        from_warm, from_cold = warm.encode(texts, role), cold.encode(texts, role)
        assert from_warm.vectors.tobytes() == from_cold.vectors.tobytes()
        assert from_warm.vectors.shape == (len(texts), 64)


@given(BATCHES, st.sampled_from([0, 300, 1 << 20]))
def test_every_text_is_a_hit_or_a_miss_whatever_the_cache_can_hold(
    batches: list[tuple[list[str], Role]], max_bytes: int
) -> None:
    cached, encoder = _cached(max_bytes)
    for texts, role in batches:
        n_before = len(encoder.asked)
        done = cached.encode(texts, role)
        assert done.n_hits + done.n_misses == len(texts)
        assert len(encoder.asked) - n_before == done.n_misses


@given(TEXTS)
def test_vectors_are_the_encoders_within_half_precision(texts: list[str]) -> None:
    cached, encoder = _cached()
    done = cached.encode(texts)
    assert np.abs(done.vectors - encoder.encode(texts).vectors).max(initial=0) < 5e-4
    norms = np.linalg.norm(done.vectors, axis=1)
    assert np.all((np.abs(norms - 1) < 5e-4) | (norms == 0))
    assert done.vectors.dtype == np.float32


def test_a_role_or_another_model_has_vectors_of_its_own() -> None:
    store = MemoryEmbeddingCache(1 << 20)
    small, large = CountingEncoder(64), CountingEncoder(128)
    CachingEncoder(small, store).encode(["tea"])
    CachingEncoder(small, store).encode(["tea"], "query")
    CachingEncoder(large, store).encode(["tea"])
    assert (small.asked, large.asked) == (["tea", "tea"], ["tea"])


@pytest.mark.parametrize("stored", [b"", b"\0", bytes(63 * 2), np.full(64, np.nan, dtype="<f2").tobytes()])
def test_a_stored_value_that_is_no_vector_is_a_miss(stored: bytes) -> None:
    store, encoder = MemoryEmbeddingCache(1 << 20), CountingEncoder()
    store.put_many({cache_key(encoder.version, "passage", "tea"): stored})
    done = CachingEncoder(encoder, store).encode(["tea"])
    assert (done.n_hits, done.n_misses) == (0, 1)
    assert np.isclose(np.linalg.norm(done.vectors[0]), 1, atol=5e-4)


@given(st.tuples(st.text(max_size=5), st.text(max_size=5)), st.tuples(st.text(max_size=5), st.text(max_size=5)))
def test_two_model_and_text_pairs_share_a_key_only_when_equal(left: tuple[str, str], right: tuple[str, str]) -> None:
    same = cache_key(left[0], "passage", left[1]) == cache_key(right[0], "passage", right[1])
    assert same == (left == right)


def test_it_passes_on_what_the_encoder_is() -> None:
    cached, encoder = _cached()
    assert (cached.name, cached.version, cached.dim, cached.degraded) == ("hashed", encoder.version, 64, True)
