"""What Braid needs from the outside world, said as promises about time, failure and order.

A port exists only where two implementations do; each has one contract suite in `tests/contract`, run over all of
them. `encoders` and `index` meet these shapes structurally and never import this module.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Role = Literal["passage", "query"]
Vectors = NDArray[np.float32]


class Clock(Protocol):
    """The wall clock. Never blocks; may step backwards, as real clocks do."""

    def now_s(self) -> float:
        """Seconds since the epoch, UTC."""


class BatchReport(Protocol):
    """What one encoder call cost, for the metrics."""

    @property
    def n_texts(self) -> int:
        """Texts encoded."""

    @property
    def n_tokens(self) -> int:
        """Real tokens, padding not counted."""

    @property
    def n_padding_tokens(self) -> int:
        """Tokens computed only to fill a batch."""

    @property
    def n_truncated(self) -> int:
        """Texts cut at the token limit."""

    @property
    def duration_s(self) -> float:
        """Wall seconds of the call."""


class Encoding(Protocol):
    """Vectors of one call, rows in the order of the texts, and what they cost."""

    @property
    def vectors(self) -> Vectors:
        """float32 (B, D), rows of unit L2 norm; the row of a text without content is zero."""

    @property
    def report(self) -> BatchReport:
        """What the call cost."""


class Encoder(Protocol):
    """Texts to unit vectors. Deterministic: batch and one-by-one agree within 1e-4 (fp32) or cosine .999 (bf16).

    `encode` blocks for milliseconds to seconds and is called from a thread, never from the event loop; it is safe
    to call from several threads. It does not fail for any text; it raises `RuntimeError` when the device fails, and
    what is none when the device will fail for as long as the process lives.
    """

    @property
    def name(self) -> str:
        """For people; with `version` it names a vector space."""
    @property
    def version(self) -> str:
        """Changes whenever the same text may get another vector; part of the cache key and of published records."""

    @property
    def dim(self) -> int:
        """D of its vectors."""

    @property
    def degraded(self) -> bool:
        """True when vectors carry less meaning than a production encoder's: consumers are told."""

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
        """A row for each text, in order."""


class Neighbour(Protocol):
    """An item and its closeness: inner product of unit vectors, higher is closer."""

    @property
    def key(self) -> str:
        """`<platform>:<item_id>`."""

    @property
    def score(self) -> float:
        """In [-1, 1]."""


class NeighbourIndex(Protocol):
    """Items by vector. One writer thread, any number of reader threads; a read sees every write that returned.

    Searches block for milliseconds. Nothing raises for an unknown key, platform or category: it is just absent.
    """

    @property
    def dim(self) -> int:
        """D of its vectors."""

    def __len__(self) -> int: ...
    def __contains__(self, key: str) -> bool: ...

    def upsert(
        self, keys: Sequence[str], vectors: Vectors, platforms: Sequence[str], categories: Sequence[str]
    ) -> None:
        """Add or replace. vectors: float32 (N, D), unit rows; a zero row is stored but never returned."""

    def delete(self, keys: Iterable[str]) -> None:
        """Forget keys; unknown ones are ignored."""

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        platform: str | None = None,
        category: str | None = None,
        exclude: Collection[str] = (),
    ) -> Sequence[Sequence[Neighbour]]:
        """For each query (Q, D) at most k neighbours, best first; ties by key."""

    def around(
        self,
        queries: Vectors,
        k: int,
        *,
        platform: str | None = None,
        category: str | None = None,
        exclude: Collection[str] = (),
    ) -> tuple[list[str], Vectors]:
        """The items that `search` finds for any of the queries, rising by key: (keys, float32 (N, D))."""

    def vectors_of(self, keys: Sequence[str]) -> tuple[list[str], Vectors]:
        """Of the keys that are present, in the order asked: (keys, float32 (N, D))."""


class Erasures(Protocol):
    """Requests to erase people. `request` blocks until the request cannot be lost, at most 10 s."""

    def request(self, profile_id: str, request_id: bytes) -> None:
        """Erase the person of a profile, whoever that is by then. request_id: 8 bytes. Raises Unavailable."""


class EmbeddingCache(Protocol):
    """Text hash to vector, on disk, bounded. A miss is never an error; neither is a write that was lost."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """float16 bytes of the unit vector, or None."""

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep entries as far as they fit."""


class ItemCatalogue(Protocol):
    """Items by key, as last published; reads are local and take microseconds."""

    def vectors_of(self, keys: Sequence[str]) -> tuple[Vectors, NDArray[np.bool_]]:
        """(float32 (N, D), found (N,)); the rows of unknown items are zero."""
