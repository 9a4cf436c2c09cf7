"""Records of the `item-vectors` topic and what is in them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from streams.domain.events import EVENT_VERSION, ItemRecord
from streams.ports import Vectors

_decode = msgspec.msgpack.Decoder(ItemRecord).decode


def unpack_item(raw: bytes) -> ItemRecord | None:
    """The record, about 3 µs, or None when this release cannot read it."""
    try:
        record = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return record if record.version <= EVENT_VERSION else None


def vector_of(record: ItemRecord, model: str, dim: int) -> Vectors | None:
    """float32 (D,) of unit norm or zero; None when another model made it: vectors of two models are never compared."""
    if record.model != model or len(record.vector) != 2 * dim:
        return None
    vector = np.frombuffer(record.vector, np.float16).astype(np.float32)
    if not np.isfinite(vector).all():
        return None
    norm = float(np.sqrt(vector @ vector))
    # float16 keeps three digits; searches promise inner products of unit vectors.
    unit: Vectors = vector / np.float32(norm) if norm > 0.0 else vector
    return unit


def vectors_of(records: Sequence[ItemRecord], model: str, dim: int) -> tuple[list[int], Vectors]:
    """`vector_of` many at once: which of the records have one, and float32 (N, D)."""
    rows = [row for row, record in enumerate(records) if record.model == model and len(record.vector) == 2 * dim]
    raw = b"".join(records[row].vector for row in rows)
    vectors = np.frombuffer(raw, np.float16).reshape(len(rows), dim).astype(np.float32)
    finite = np.isfinite(vectors).all(axis=1)
    vectors = vectors[finite]
    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    np.divide(vectors, norms[:, None], out=vectors, where=norms[:, None] > 0.0)
    return [rows[at] for at in np.flatnonzero(finite).tolist()], vectors
