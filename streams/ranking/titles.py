"""Items by the words of their titles: hashed TF-IDF vectors, one item at a time, and who shares words with whom.

Beside the encoder's meaning, words say what a meaning blurs: brands, models, flavours, sizes. Words and pairs of
neighbouring words; of Chinese, Japanese and Korean text characters and pairs of them. Terms are hashed, so there is no
vocabulary to keep. Shapes: I items, T entries of all titles, B buckets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log
from typing import Final, NamedTuple, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streams.ranking.state import Ints

Floats = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)

N_BUCKETS: Final = 1 << 18
_WORDS: Final = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W_぀-ヿ㐀-鿿가-힯]+")


class TitleState(NamedTuple):
    """starts (I,), lengths (I,): where an item's entries lie in buckets and weights (T,); unit norm an item."""

    starts: NDArray[np.int64]
    lengths: Ints
    buckets: Ints
    weights: Floats


class Postings(NamedTuple):
    """starts (B + 1,): where the items (T,) of a bucket lie, with their weights."""

    starts: NDArray[np.int64]
    items: Ints
    weights: Floats


def terms_of(title: str) -> Iterator[str]:
    """Words and pairs of neighbouring words, lower case.

    >>> list(terms_of("Red Shoe 42")), list(terms_of("红鞋"))
    (['red', 'shoe', '42', 'red shoe', 'shoe 42'], ['红', '鞋', '红 鞋'])
    """
    words = _WORDS.findall(title.lower())
    yield from words
    for first, second in pairwise(words):
        yield f"{first} {second}"


class Titles:
    """Vectors of titles by item row. One writer.

    A term's weight is (1 + ln count)·(1 + ln((1 + N) / (1 + n))) with N titles of which n have it, as known when the
    title came (Salton and Buckley 1988); titles that come together are counted together.
    """

    def __init__(self) -> None:
        self._n_with = np.zeros(N_BUCKETS, np.int32)
        self._n_titles = 0
        self._n_entries = 0
        self.state = TitleState(
            np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
        )

    def make_room(self, n_items: int, n_entries: int = 0) -> None:
        """Room for item rows below `n_items` and so many entries; arrays double."""
        state = self.state
        if n_items > len(state.starts):
            room = max(n_items, 2 * len(state.starts))
            state = state._replace(starts=_longer(state.starts, room), lengths=_longer(state.lengths, room))
        if n_entries > len(state.buckets):
            room = max(n_entries, 2 * len(state.buckets))
            state = state._replace(buckets=_longer(state.buckets, room), weights=_longer(state.weights, room))
        self.state = state

    def put(self, rows: Sequence[int], titles: Sequence[str]) -> None:
        """Set the titles of items; an empty one takes the item's words away."""
        counted = [Counter(crc32(term.encode()) % N_BUCKETS for term in terms_of(title)) for title in titles]
        n_new = sum(map(len, counted))
        if self._n_entries + n_new > len(self.state.buckets) and 2 * int(self.state.lengths.sum()) < self._n_entries:
            self._close_ranks()
        self.make_room(max(rows, default=-1) + 1, self._n_entries + n_new)
        for row, counts in zip(rows, counted, strict=True):
            self._take_away(row)
            self._n_with[list(counts)] += 1
            self._n_titles += bool(counts)
        for row, counts in zip(rows, counted, strict=True):
            self._write(row, counts)

    def postings(self) -> Postings:
        """Who has each bucket, as of now."""
        state = self.state
        rows, at = self._entries()
        order = np.argsort(state.buckets[at], kind="stable")
        starts = np.zeros(N_BUCKETS + 1, np.int64)
        np.cumsum(np.bincount(state.buckets[at], minlength=N_BUCKETS), out=starts[1:])
        return Postings(starts, rows[order].astype(np.int32), state.weights[at][order])

    def _entries(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(item row, place in the entries) of every entry in use, by row."""
        state = self.state
        rows = np.repeat(np.arange(len(state.starts)), state.lengths)
        before = np.repeat(np.cumsum(state.lengths) - state.lengths, state.lengths)
        return rows, np.repeat(state.starts, state.lengths) + np.arange(len(rows)) - before

    def _close_ranks(self) -> None:
        """Drop the entries that titles left which were replaced or taken away."""
        state = self.state
        _, at = self._entries()
        n = self._n_entries = len(at)
        buckets, weights = np.zeros_like(state.buckets), np.zeros_like(state.weights)
        buckets[:n], weights[:n] = state.buckets[at], state.weights[at]
        starts = np.cumsum(state.lengths, dtype=np.int64) - state.lengths
        self.state = TitleState(starts, state.lengths.copy(), buckets, weights)

    def _take_away(self, row: int) -> None:
        start, length = self.state.starts[row], self.state.lengths[row]
        if length:
            self._n_with[self.state.buckets[start : start + length]] -= 1
            self._n_titles -= 1
            self.state.lengths[row] = 0

    def _write(self, row: int, counts: Counter[int]) -> None:
        start, stop = self._n_entries, self._n_entries + len(counts)
        self.state.starts[row], self.state.lengths[row] = start, len(counts)
        if not counts:
            return
        buckets = np.array(sorted(counts), np.int32)
        rarity = 1.0 + np.log((1.0 + self._n_titles) / (1.0 + self._n_with[buckets]))
        weights = np.array([1.0 + log(counts[bucket]) for bucket in buckets.tolist()]) * rarity
        self.state.buckets[start:stop] = buckets
        self.state.weights[start:stop] = weights / np.linalg.norm(weights)
        self._n_entries = stop


def _longer(array: NDArray[Scalar], room: int) -> NDArray[Scalar]:
    longer: NDArray[Scalar] = np.zeros(room, array.dtype)
    longer[: len(array)] = array
    return longer
