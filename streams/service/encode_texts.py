"""Texts to vectors through the embedding cache: each distinct text is encoded at most once (D6).

A vector is rounded through float16 whether it was just encoded or comes from the cache, so a result never depends on
what the cache happened to hold. Rounding moves a unit vector's length by less than 5e-4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from streams.ports import BatchReport, EmbeddingCache, Encoder, Role, Vectors

KEY_BYTES = 16
#: float16 moves a unit vector's length by less than 5e-4.
MAX_NORM_ERROR = 1e-2
STORED_DTYPE = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class CachedEncoding:
    """vectors: float32 (B, D) in the order of the texts. n_hits + n_misses = B; a repeat inside the batch is a hit.

    report: the encoder's own, None when nothing had to be encoded.
    """

    vectors: Vectors
    n_hits: int
    n_misses: int
    report: BatchReport | None


class CachingEncoder:
    """An encoder behind a cache. As thread-safe as its two parts; two threads may both encode a text new to both."""

    def __init__(self, encoder: Encoder, cache: EmbeddingCache) -> None:
        self._encoder = encoder
        self._cache = cache

    @property
    def name(self) -> str:
        """Of the encoder."""
        return self._encoder.name

    @property
    def version(self) -> str:
        """Of the encoder; part of every cache key, so another model never meets the vectors of this one."""
        return self._encoder.version

    @property
    def dim(self) -> int:
        """Of the encoder."""
        return self._encoder.dim

    @property
    def degraded(self) -> bool:
        """Of the encoder."""
        return self._encoder.degraded

    def encode(self, texts: Sequence[str], role: Role = "passage") -> CachedEncoding:
        """Texts (B,) -> float32 (B, D), rows of unit norm within 5e-4, zero for a text without content. Blocks.

        Raises:
            RuntimeError: the encoder's device failed, or what it returned are no vectors. Nothing of that is kept.
        """
        keys = [cache_key(self.version, role, text) for text in texts]
        text_of = dict(zip(keys, texts, strict=True))
        stored = dict(zip(text_of, self._cache.get_many(list(text_of)), strict=True))
        rows = {key: row for key, value in stored.items() if value and (row := self._decode(value)) is not None}
        missing = [key for key in text_of if key not in rows]
        report = None
        if missing:
            encoding = self._encoder.encode([text_of[key] for key in missing], role)
            if fault := fault_of(encoding.vectors, len(missing), self.dim):
                raise RuntimeError(f"encoder {self.name}: {fault}; look at its device, then start again")
            report = encoding.report
            rounded = encoding.vectors.astype(STORED_DTYPE)
            rows |= dict(zip(missing, rounded, strict=True))
            # A row of zeros costs next to nothing to make again, and one that stood in for a failure must not last.
            kept = zip(missing, rounded, strict=True)
            self._cache.put_many({key: row.tobytes() for key, row in kept if row.any()})
        vectors = np.zeros((len(keys), self.dim), dtype=np.float32)
        for place, key in enumerate(keys):
            vectors[place] = rows[key]
        return CachedEncoding(vectors, len(keys) - len(missing), len(missing), report)

    def _decode(self, value: bytes) -> np.ndarray[tuple[int], np.dtype[np.float16]] | None:
        """A stored row (D,), or None when it is not one: a miss is never an error."""
        if len(value) != self.dim * STORED_DTYPE.itemsize:
            return None
        row = np.frombuffer(value, dtype=STORED_DTYPE)
        if not np.isfinite(row).all():
            return None
        # A unit vector, or it is not one of ours.
        return row if abs(float(np.linalg.norm(row.astype(np.float32))) - 1.0) < MAX_NORM_ERROR else None


def fault_of(vectors: Vectors, n_texts: int, dim: int) -> str | None:
    """Why these are not float (n_texts, dim) of finite numbers, or None. One NaN in a profile's sum stays for ever."""
    if vectors.shape != (n_texts, dim):
        return f"vectors of shape {vectors.shape}, expected {(n_texts, dim)}"
    n_bad = n_texts - int(np.isfinite(vectors).all(axis=1).sum())
    return f"{n_bad} of {n_texts} vectors hold numbers that are not finite" if n_bad else None


def cache_key(model_version: str, role: Role, text: str) -> bytes:
    """BLAKE2b-128 of model, role and text, each told apart by its length; 1 µs.

    >>> cache_key("v1", "passage", "tea") == cache_key("v1", "query", "tea")
    False
    """
    head = f"{len(model_version)}:{model_version}:{role}:".encode()
    return blake2b(head + text.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()
