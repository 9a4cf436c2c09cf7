"""Text to hashed n-grams, for a whole batch at once in numpy: no vocabulary, no weights, the same on every machine.

Scripts written without spaces (Han, Kana, Hangul, Thai, ... and emoji) give characters, pairs and triples; the others
give words and the letter triples inside them (fastText, Bojanowski et al. 2017). Words and characters that only carry
grammar weigh little. Integer arithmetic only, so equal texts hash alike everywhere; Python's `hash()` does not.

C characters of the folded batch, G distinct n-grams.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from encoders.encoding import Counts

SCHEME = 1  # raised when the same text begins to give other n-grams

Hashes = NDArray[np.uint64]

GAP, LETTER, DENSE = 0, 1, 2
N_TABLE = 0x30000  # planes 0-2 hold every living script
DENSE_RANGES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF),
    (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x2FFFF),
)  # fmt: skip
GRAMMAR_CHARACTERS = (
    "的了是我你他她它们这那有在和也就都很不吗呢吧啊与及或被把给对从到为以之其而但还又再只可会能要让个些么着过得地"
)
GRAMMAR_WORDS = (
    "a an the and or but if of in on at to for from by with as is are was were be been it its this that these those "
    "i you he she we they my your his her our their me us them do does did have has had not no so than then there"
)
GRAMMAR_WEIGHT = 0.2
CHARACTER_WEIGHT, PAIR_WEIGHT, TRIPLE_WEIGHT = 1.0, 1.0, 0.3
WORD_WEIGHT, LETTERS_WEIGHT = 1.0, 0.35


@dataclass(frozen=True, slots=True)
class Ngrams:
    """text (G,) row of the batch, ascending; hash (G,) 64 bits, ascending per text; weight (G,); n_units (B,)."""

    text: NDArray[np.intp]
    hash: Hashes
    weight: NDArray[np.float64]
    n_units: Counts


def ngrams_of(texts: Sequence[str]) -> Ngrams:
    """Distinct n-grams of each text; one that occurs n times weighs the square root of n times as much."""
    codes, owner = _characters(texts)
    kind = _kinds()[codes]
    parts = [*_dense_parts(codes, kind), *_word_parts(codes, kind)]
    text = owner[np.concatenate([where for where, _, _ in parts])]
    hashes = np.concatenate([value for _, value, _ in parts])
    weights = np.concatenate([weight for _, _, weight in parts])
    starts = _word_starts(kind)
    n_units = np.bincount(owner[(kind == DENSE) | starts], minlength=len(texts))
    return _distinct(text, hashes, weights, n_units)


def _characters(texts: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Folded code points of all texts (C,) with a gap before, between and behind them, and the row each belongs to."""
    folded = [unicodedata.normalize("NFKC", text).lower() for text in texts]
    joined = "\0" + "".join(text + "\0" for text in folded)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.intp)
    owner = np.repeat(np.arange(len(folded)), [len(text) + 1 for text in folded])
    return np.where(codes < N_TABLE, codes, 0), np.concatenate([[0], owner]).astype(np.intp)


def _dense_parts(codes: NDArray[np.intp], kind: NDArray[np.uint8]) -> list[_Part]:
    weight = _character_weights()[codes]
    dense = kind == DENSE
    parts = []
    for size, scale in ((1, CHARACTER_WEIGHT), (2, PAIR_WEIGHT), (3, TRIPLE_WEIGHT)):
        n = max(len(codes) - size + 1, 0)
        where = np.flatnonzero(np.logical_and.reduce([dense[i : n + i] for i in range(size)]))
        hashes = _window_hash(codes, where, size)
        # The geometric mean: a pair of a content character and a particle keeps about half its weight.
        scales = np.prod([weight[where + i] for i in range(size)], axis=0) ** (1 / size) * scale
        parts.append((where, hashes, scales))
    return parts


def _word_parts(codes: NDArray[np.intp], kind: NDArray[np.uint8]) -> list[_Part]:
    letters = np.flatnonzero(kind == LETTER)
    if not len(letters):
        return []
    starts = np.flatnonzero(_word_starts(kind))
    word = np.cumsum(_word_starts(kind))[letters] - 1
    place = letters - starts[word]
    first = np.flatnonzero(place == 0)
    hashes = _mix(np.add.reduceat(_mix(codes[letters].astype(np.uint64) + _salt(place + 8)), first))
    factor = np.where(np.isin(hashes, _grammar_word_hashes()), GRAMMAR_WEIGHT, 1.0) if len(starts) else np.ones(0)
    inside = np.where(kind == LETTER, codes, 0)
    triples = _window_hash(inside, letters - 1, 3)
    return [(starts, hashes, factor * WORD_WEIGHT), (letters, triples, factor[word] * LETTERS_WEIGHT)]


def _distinct(text: NDArray[np.intp], hashes: Hashes, weights: NDArray[np.float64], n_units: Counts) -> Ngrams:
    """Sorted by text, then hash: sums over one text run in the same order whatever texts are beside it."""
    order = np.lexsort((hashes, text))
    text, hashes, weights = text[order], hashes[order], weights[order]
    is_new = np.ones(len(text), dtype=np.bool_)
    is_new[1:] = (text[1:] != text[:-1]) | (hashes[1:] != hashes[:-1])
    first = np.flatnonzero(is_new)
    counts = np.diff(np.append(first, len(text)))
    return Ngrams(text[first], hashes[first], weights[first] * np.sqrt(counts), n_units)


def _word_starts(kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    is_letter = kind == LETTER
    starts: NDArray[np.bool_] = is_letter.copy()
    starts[1:] &= ~is_letter[:-1]
    return starts


def _window_hash(codes: NDArray[np.intp], where: NDArray[np.intp], size: int) -> Hashes:
    total = np.full(len(where), size, dtype=np.uint64)
    for i in range(size):
        total += _mix(codes[where + i].astype(np.uint64) + _salt(i))
    return _mix(total)


def _salt(place: int | NDArray[np.intp]) -> Hashes:
    return np.asarray(place, dtype=np.uint64) << np.uint64(32)


def _mix(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele et al. 2014): every input bit reaches every output bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed


@cache
def _kinds() -> NDArray[np.uint8]:
    table = np.zeros(N_TABLE, dtype=np.uint8)
    for code in range(N_TABLE):
        category = unicodedata.category(chr(code))
        if category[0] in "LNM":
            table[code] = LETTER
        elif category == "So":
            table[code] = DENSE
    for first, last in DENSE_RANGES:
        table[first : last + 1][table[first : last + 1] == LETTER] = DENSE
    return table


@cache
def _character_weights() -> NDArray[np.float64]:
    weights = np.ones(N_TABLE)
    weights[[ord(character) for character in GRAMMAR_CHARACTERS]] = GRAMMAR_WEIGHT
    return weights


@cache
def _grammar_word_hashes() -> Hashes:
    codes, _ = _characters([GRAMMAR_WORDS])
    kind = _kinds()[codes]
    letters = np.flatnonzero(kind == LETTER)
    starts = np.flatnonzero(_word_starts(kind))
    place = letters - starts[np.cumsum(_word_starts(kind))[letters] - 1]
    return _mix(np.add.reduceat(_mix(codes[letters].astype(np.uint64) + _salt(place + 8)), np.flatnonzero(place == 0)))


_Part = tuple[NDArray[np.intp], Hashes, NDArray[np.float64]]
