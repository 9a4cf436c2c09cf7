"""How close titles are to those of what a person took to last. Shapes: N candidates, W word signals, B buckets."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.ranking.compiled import compiled, inlined
from streams.ranking.prefetching import AHEAD, fetch
from streams.ranking.state import BehaviourState, Doubles, Ints
from streams.ranking.titles import N_BUCKETS, Postings, TitleState

Floats = NDArray[np.float32]

WORD_SIGNALS: Final = ("words_best", "words", "words_last", "words_best_here", "words_squared")
#: Latest items of the person whose titles are read, and of these the ones that `words_best` may come from.
SOURCES = 15
BEST_OF = 10
#: What an older item counts, per step back.
KEPT = 0.85
#: A word of more items than this brings no candidates.
COMMON = 2_000
#: Slots of a first look at whether a bucket is of the person's words: few enough for the processor's nearest cache.
SLOTS = 1 << 13


class WordScratch(NamedTuple):
    """Workspace: weights (B,), all zero between calls; word (B,), all -1. sums, mark (I,), found (I,): rows.

    clock (1,). query: buckets of the person's words. word: which of these a bucket is. is_near (SLOTS,): whether
    one of them has the slot of a bucket; all false between calls.
    """

    weights: Doubles
    word: Ints
    is_near: NDArray[np.bool_]
    query: Ints
    sums: Doubles
    mark: NDArray[np.int64]
    found: Ints
    clock: NDArray[np.int64]


def word_scratch_for(n_items: int) -> WordScratch:
    """A workspace for so many items."""
    return WordScratch(
        np.zeros(N_BUCKETS),
        np.full(N_BUCKETS, -1, np.int32),
        np.zeros(SLOTS, np.bool_),
        np.zeros(N_BUCKETS, np.int32),
        np.zeros(n_items),
        np.zeros(n_items, np.int64),
        np.zeros(n_items, np.int32),
        np.zeros(1, np.int64),
    )


@compiled
def word_signals(
    state: BehaviourState, titles: TitleState, scratch: WordScratch, person: tuple[int, int], rows: Ints
) -> Floats:
    """float32 (N, W): cosines of titles, best and summed. person: (user row, code of the platform asked for)."""
    user, platform = person
    n = state.user_n[user]
    n_sources = min(n, SOURCES)
    latest = state.user_items[user, :n][::-1][:n_sources]
    weights, n_words = _words_of(titles, scratch, latest)
    signals = np.zeros((len(rows), len(WORD_SIGNALS)), np.float32)
    cosines, kept = np.zeros(n_sources), KEPT ** np.arange(n_sources)
    is_last = state.user_times_s[user, :n][::-1][:n_sources] == state.user_times_s[user, n - 1]
    is_here = state.item_platform[latest] == platform
    for at in range(len(rows)):
        _fetch_titles(titles, rows, at)
        _write_cosines(titles, scratch, weights, rows[at], cosines)
        for back in range(n_sources):
            cosine = cosines[back]
            if back < BEST_OF:
                signals[at, 0] = max(signals[at, 0], cosine)
            signals[at, 1] += kept[back] * cosine
            if is_last[back]:
                signals[at, 2] = max(signals[at, 2], cosine)
            if is_here[back]:
                signals[at, 3] = max(signals[at, 3], cosine)
            signals[at, 4] += cosine * cosine
        signals[at, 4] = math.log1p(signals[at, 4])
    for at in range(n_words):
        scratch.word[scratch.query[at]] = -1
        scratch.is_near[scratch.query[at] % SLOTS] = False
    return signals


@inlined
def _fetch_titles(titles: TitleState, rows: Ints, at: int) -> None:
    """Ask for titles that come soon."""
    if at + 2 * AHEAD < len(rows):
        fetch(titles.starts, rows[at + 2 * AHEAD], 0)
        fetch(titles.lengths, rows[at + 2 * AHEAD], 0)
    if at + AHEAD < len(rows):
        fetch(titles.buckets, titles.starts[rows[at + AHEAD]], 0)
        fetch(titles.weights, titles.starts[rows[at + AHEAD]], 0)


@inlined
def _write_cosines(titles: TitleState, scratch: WordScratch, weights: Doubles, item: int, cosines: Doubles) -> None:
    """Cosines of an item's title with each of the person's, into (titles,)."""
    cosines[:] = 0.0
    first = titles.starts[item]
    for entry in range(first, first + titles.lengths[item]):
        # Most words are none of the person's, and `word` is too large to stay in a cache.
        if not scratch.is_near[titles.buckets[entry] % SLOTS]:
            continue
        word = scratch.word[titles.buckets[entry]]
        if word >= 0:
            for back in range(len(cosines)):
                cosines[back] += weights[word, back] * titles.weights[entry]


@compiled
def _words_of(titles: TitleState, scratch: WordScratch, items: Ints) -> tuple[Doubles, int]:
    """Weight of each word (bucket) of these titles in each of them; `scratch.word` says which row is whose.

    (weights (words or more, items), number of words, whose buckets are in `scratch.query`).
    """
    n_entries = 0
    for item in items:
        n_entries += titles.lengths[item]
    weights, n_words = np.zeros((n_entries, len(items))), 0
    for at in range(len(items)):
        start = titles.starts[items[at]]
        for entry in range(start, start + titles.lengths[items[at]]):
            bucket = titles.buckets[entry]
            if scratch.word[bucket] < 0:
                scratch.word[bucket], scratch.query[n_words] = n_words, bucket
                scratch.is_near[bucket % SLOTS] = True
                n_words += 1
            weights[scratch.word[bucket], at] = titles.weights[entry]
    return weights, n_words


@compiled
def items_by_words(
    state: BehaviourState, titles: TitleState, postings: Postings, scratch: WordScratch, person: tuple[int, int]
) -> int:
    """Sum up what the latest titles share with others of the platform; how many items, rows in `scratch.found`."""
    user, platform = person
    scratch.clock[0] += 1
    n, n_query, n_found = state.user_n[user], 0, 0
    for back in range(min(n, BEST_OF)):
        item = state.user_items[user, n - 1 - back]
        for entry in range(titles.starts[item], titles.starts[item] + titles.lengths[item]):
            bucket = titles.buckets[entry]
            if scratch.weights[bucket] == 0.0:
                scratch.query[n_query] = bucket
                n_query += 1
            scratch.weights[bucket] += KEPT**back * titles.weights[entry]
    for at in range(n_query):
        bucket = scratch.query[at]
        weight = scratch.weights[bucket]
        scratch.weights[bucket] = 0.0
        if postings.starts[bucket + 1] - postings.starts[bucket] > COMMON:
            continue
        for entry in range(postings.starts[bucket], postings.starts[bucket + 1]):
            item = postings.items[entry]
            if state.item_platform[item] != platform:
                continue
            if scratch.mark[item] != scratch.clock[0]:
                scratch.mark[item] = scratch.clock[0]
                scratch.sums[item] = 0.0
                scratch.found[n_found] = item
                n_found += 1
            scratch.sums[item] += weight * postings.weights[entry]
    return n_found
