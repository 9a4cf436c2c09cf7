"""An encoder without weights: deterministic, fast, and honest about knowing words but no meaning (`degraded`)."""

from __future__ import annotations

import time
from collections.abc import Sequence

from encoders.encoding import BatchReport, Encoding, Role
from encoders.lexical import SCHEME, lexical_vectors

DIM = 384


class HashedEncoder:
    """Meets the port `Encoder` on any machine. Related texts are those that share words or characters.

    >>> encoder = HashedEncoder()
    >>> rows = encoder.encode(["无线蓝牙耳机", "蓝牙耳机 降噪", "garden hose"]).vectors
    >>> bool(rows[0] @ rows[1] > 0.3 > rows[0] @ rows[2])
    True
    """

    degraded = True

    def __init__(self, dim: int = DIM) -> None:
        """dim: 16 to 32,768."""
        if not 16 <= dim <= 1 << 15:
            raise ValueError(f"dim = {dim}: choose 16 to 32,768")
        self.name = "hashed"
        self.dim = dim
        self.version = f"hashed-{SCHEME}-{dim}"

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:  # noqa: ARG002 - both roles read alike
        """Texts (B,) -> float32 (B, D), unit rows, zero where a text has no letter. A token is a word or character."""
        started_s = time.perf_counter()
        vectors, n_units = lexical_vectors(texts, self.dim)
        n_tokens = int(n_units.sum())
        return Encoding(vectors, BatchReport(len(texts), n_tokens, 0, 0, time.perf_counter() - started_s))
