"""Texts to vectors for one stage: cache first, then the encoder; counts what it cost."""

from __future__ import annotations

from collections.abc import Sequence

from streams.ports import Role, Vectors
from streams.service.encode_texts import CachingEncoder
from streams.telemetry import metrics


class EncodedTexts:
    """Meets `service.update_profiles.Texts`."""

    def __init__(self, encoder: CachingEncoder, stage: str) -> None:
        self._encoder = encoder
        self._hits = metrics.CACHE_HITS.labels(stage)
        self._misses = metrics.CACHE_MISSES.labels(stage)
        self._n_texts = metrics.ENCODED_TEXTS.labels(stage)
        self._n_tokens = metrics.ENCODED_TOKENS.labels(stage)
        self._n_padding = metrics.PADDING_TOKENS.labels(stage)
        self._n_truncated = metrics.TRUNCATED_TEXTS.labels(stage)
        self._seconds = metrics.ENCODE_SECONDS.labels(stage)

    def vectors(self, texts: Sequence[str], role: Role = "passage") -> Vectors:
        """float32 (B, D), rows of unit norm, zero for empty texts. Blocks for the encoder."""
        encoded = self._encoder.encode(texts, role)
        self._hits.inc(encoded.n_hits)
        self._misses.inc(encoded.n_misses)
        if encoded.report is not None:
            self._n_texts.inc(encoded.report.n_texts)
            self._n_tokens.inc(encoded.report.n_tokens)
            self._n_padding.inc(encoded.report.n_padding_tokens)
            self._n_truncated.inc(encoded.report.n_truncated)
            self._seconds.observe(encoded.report.duration_s)
        return encoded.vectors
