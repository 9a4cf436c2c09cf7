"""How close titles are to those of what a person took to last. Shapes: N candidates, W word signals, B buckets."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.ranking.compiled import compiled
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


class WordScratch(NamedTuple):
    """Workspace: weights (B,), all zero between calls. sums, mark (I,), found (I,): rows. clock (1,)."""

    weights: Doubles
    query: Ints
    sums: Doubles
    mark: NDArray[np.int64]
    found: Ints
    clock: NDArray[np.int64]


def word_scratch_for(n_items: int) -> WordScratch:
    """A workspace for so many items."""
    return WordScratch(
        np.zeros(N_BUCKETS),
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
    signals = np.zeros((len(rows), len(WORD_SIGNALS)), np.float32)
    weights, n = scratch.weights, state.user_n[user]
    for back in range(min(n, SOURCES)):
        item = state.user_items[user, n - 1 - back]
        start, stop = titles.starts[item], titles.starts[item] + titles.lengths[item]
        for entry in range(start, stop):
            weights[titles.buckets[entry]] = titles.weights[entry]
        is_last = state.user_times_s[user, n - 1 - back] == state.user_times_s[user, n - 1]
        is_here = state.item_platform[item] == platform
        for at in range(len(rows) if stop > start else 0):
            cosine = 0.0
            first = titles.starts[rows[at]]
            for entry in range(first, first + titles.lengths[rows[at]]):
                cosine += weights[titles.buckets[entry]] * titles.weights[entry]
            if back < BEST_OF:
                signals[at, 0] = max(signals[at, 0], cosine)
            signals[at, 1] += KEPT**back * cosine
            if is_last:
                signals[at, 2] = max(signals[at, 2], cosine)
            if is_here:
                signals[at, 3] = max(signals[at, 3], cosine)
            signals[at, 4] += cosine * cosine
        for entry in range(start, stop):
            weights[titles.buckets[entry]] = 0.0
    for at in range(len(rows)):
        signals[at, 4] = math.log1p(signals[at, 4])
    return signals


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
