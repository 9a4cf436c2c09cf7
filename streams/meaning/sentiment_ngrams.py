"""Texts to the hashed n-grams that sentiment weights hang on, for a whole batch at once in numpy.

Chinese gives runs of one to four characters, punctuation and the ends of the text among them. English gives words,
their stems ("disap" of "disappoints" and "disappointing"), pairs of neighbouring words, and words in the scope of a
negation with its mark (Pang et al. 2002: "not good" is no "good"). No vocabulary, no segmentation; integer arithmetic
only, so equal texts give equal n-grams on every machine.

N texts, C characters of the folded batch, W words, G distinct n-grams.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Raised when the same text begins to give other n-grams, or weights to mean something else: those of another scheme
#: are refused.
SCHEME: Final = 3
HAN_SIZES: Final = 4
#: A stem is the first letters of a longer word: no more is needed for inflections to be one.
STEM_LETTERS: Final = 5
NEGATION_SCOPE_WORDS: Final = 3
NEGATIONS: Final = ("not", "no", "never", "nothing", "without", "hardly", "cannot", "nor", "neither", "none")

Rows = NDArray[np.int64]
Hashes = NDArray[np.uint64]

GAP, LATIN, HAN, OTHER, DIGIT, SIGN, STRONG_STOP, STOP, TOKEN, END = range(10)
FIRST, LAST = "\x02", "\x03"
_NOT = "\ue000"  # n't is one sign: "don't" and the "do n't" of treebanks read alike
_SMILE, _FROWN = "\ue001", "\ue002"
_SPELLINGS: Final = (
    ("\u2019", "'"), ("n't", _NOT),
    (":-)", _SMILE), (":)", _SMILE), (";-)", _SMILE), (";)", _SMILE), (":-(", _FROWN), (":(", _FROWN), (";(", _FROWN),
)  # fmt: skip
_HAN_RANGES: Final = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFF))
_LATIN_RANGES: Final = ((0x41, 0x2AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xAB30, 0xAB6F))
_LAST_LISTED: Final = 0x20000
_N_KINDS: Final = 0x30000  # planes 0-2 hold every living script
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MAX_WORD: Final = 48
_WORD, _PAIR, _NEGATED, _STEM, _NEGATED_STEM = (np.uint64(salt << 40) for salt in (1, 2, 3, 4, 5))


@dataclass(frozen=True, slots=True)
class Characters:
    """Folded characters of a batch: code (C,), kind (C,), text (C,) ascending rows; n_texts."""

    code: Hashes
    kind: NDArray[np.uint8]
    text: Rows
    n_texts: int

    def count(self, kind: int) -> Rows:
        """Characters of a kind in each text (N,)."""
        return np.bincount(self.text[self.kind == kind], minlength=self.n_texts)

    def lengths(self) -> Rows:
        """Characters of each text (N,), its marks among them."""
        return np.bincount(self.text, minlength=self.n_texts)

    def of_texts(self, chosen: NDArray[np.bool_]) -> Characters:
        """Only the texts that are chosen (N,); rows keep their numbers."""
        if chosen.all():
            return self
        inside = chosen[self.text]
        return Characters(self.code[inside], self.kind[inside], self.text[inside], self.n_texts)


@dataclass(frozen=True, slots=True)
class Grams:
    """Distinct n-grams: text (G,) ascending rows, bucket (G,) ascending within a text."""

    text: Rows
    bucket: Rows


def characters_of(texts: Sequence[str]) -> Characters:
    """NFKC and lower case, with a mark at both ends of every text; no character more than thrice in a row."""
    whole = "".join(f"{FIRST}{text}{LAST}" for text in map(_unmarked, texts))
    folded = unicodedata.normalize("NFKC", whole).lower()
    for spelling, sign in _SPELLINGS:
        folded = folded.replace(spelling, sign)
    code = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    code = code[~_is_drawn_out(code)]
    text = np.cumsum(code == ord(FIRST)) - 1
    kind = _kinds()[np.minimum(code, _N_KINDS - 1)]
    return Characters(code.astype(np.uint64), kind, text, len(texts))


def han_grams(characters: Characters, bits: int) -> Grams:
    """Runs of 1 to HAN_SIZES characters without the space between them, in 2**bits buckets."""
    solid = characters.kind != GAP
    code, text = characters.code[solid], characters.text[solid]
    hashes, rows = [], []
    run = np.zeros(len(code), dtype=np.uint64)
    for size in range(1, HAN_SIZES + 1):
        n = len(code) - size + 1
        if n <= 0:
            break
        run = run[:n] * _GOLDEN + code[size - 1 :] + np.uint64(1)
        whole = text[:n] == text[size - 1 :]
        hashes.append(_mixed(run[whole] + np.uint64(size << 44)))
        rows.append(text[:n][whole])
    return _distinct(rows, hashes, bits)


def word_grams(characters: Characters, bits: int) -> Grams:
    """Words, stems of the longer ones, both with a mark where negated, and pairs of words, in 2**bits buckets."""
    tokens = _tokens_of(characters)
    negated = _is_negated(tokens)
    words, text = tokens.hash[tokens.is_word], tokens.text[tokens.is_word]
    beside = text[1:] == text[:-1]
    pairs = words[:-1] * _GOLDEN + words[1:]
    long, long_negated = tokens.is_long, tokens.is_long & negated
    hashes = [
        _mixed(words + _WORD), _mixed(pairs[beside] + _PAIR), _mixed(tokens.hash[negated] + _NEGATED),
        _mixed(tokens.stem[long] + _STEM), _mixed(tokens.stem[long_negated] + _NEGATED_STEM),
    ]  # fmt: skip
    rows = [text, text[1:][beside], tokens.text[negated], tokens.text[long], tokens.text[long_negated]]
    return _distinct(rows, hashes, bits)


def _is_drawn_out(code: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """The fourth and further of equal characters in a row: six of them say no more than three (C,)."""
    same = code[1:] == code[:-1]
    drawn_out = np.zeros(len(code), dtype=np.bool_)
    drawn_out[3:] = same[2:] & same[1:-1] & same[:-2]
    return drawn_out


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Words and stops in order: hash (W,), text (W,); an exclamation mark is both.

    stem: of the first STEM_LETTERS letters (W,). is_long: whether the word has more than those.
    """

    hash: Hashes
    stem: Hashes
    text: Rows
    is_long: NDArray[np.bool_]
    is_word: NDArray[np.bool_]
    is_stop: NDArray[np.bool_]


def _tokens_of(characters: Characters) -> _Tokens:
    kind = characters.kind
    seen = np.flatnonzero(np.isin(kind, (LATIN, DIGIT, STRONG_STOP, STOP, TOKEN)))
    if not len(seen):
        no_hashes, nothing = np.zeros(0, np.uint64), np.zeros(0, np.bool_)
        return _Tokens(no_hashes, no_hashes, np.zeros(0, np.int64), nothing, is_word=nothing, is_stop=nothing)
    kinds = kind[seen]
    goes_on = np.zeros(len(seen), dtype=np.bool_)
    goes_on[1:] = (np.diff(seen) == 1) & (kinds[1:] == kinds[:-1]) & ((kinds[1:] == LATIN) | (kinds[1:] == DIGIT))
    first = np.flatnonzero(~goes_on)
    n_letters = np.diff(np.append(first, len(seen)))
    place = np.arange(len(seen)) - np.repeat(first, n_letters)
    letters = characters.code[seen] * _powers()[np.minimum(place, _MAX_WORD - 1)]
    of_first = kinds[first]
    return _Tokens(
        np.add.reduceat(letters, first), np.add.reduceat(letters * (place < STEM_LETTERS), first),
        characters.text[seen[first]], n_letters > STEM_LETTERS,
        is_word=of_first != STOP, is_stop=(of_first == STOP) | (of_first == STRONG_STOP),
    )  # fmt: skip


def _is_negated(tokens: _Tokens) -> NDArray[np.bool_]:
    """Words at most NEGATION_SCOPE_WORDS behind a negation of the same clause (W,)."""
    place = np.arange(len(tokens.hash))
    negates = np.isin(tokens.hash, _negations())
    last_negation = np.maximum.accumulate(np.where(negates, place, -1)) if len(place) else place
    begins = np.ones(len(place), dtype=np.bool_)
    begins[1:] = tokens.text[1:] != tokens.text[:-1]
    barrier = np.where(tokens.is_stop, place, np.where(begins, place - 1, -1))
    last_barrier = np.maximum.accumulate(barrier) if len(place) else place
    in_scope = (last_negation > last_barrier) & (place - last_negation <= NEGATION_SCOPE_WORDS)
    return in_scope & ~negates & tokens.is_word & ~tokens.is_stop


def _distinct(rows: list[Rows], hashes: list[Hashes], bits: int) -> Grams:
    """Sorted by text, then bucket: sums over one text run in the same order whatever texts are beside it."""
    bucket = (np.concatenate(hashes) >> np.uint64(64 - bits)).astype(np.int64)
    keys = np.concatenate(rows) << bits | bucket
    keys.sort()
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    return Grams(keys >> bits, keys & ((1 << bits) - 1))


def _mixed(values: Hashes) -> Hashes:
    """Two rounds of the finaliser of splitmix64 (Steele et al. 2014); the upper bits depend on every lower one."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed: Hashes = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed


def _unmarked(text: str) -> str:
    return text.replace(FIRST, " ").replace(LAST, " ") if not text.isprintable() else text


@cache
def _powers() -> Hashes:
    powers: Hashes = np.cumprod(np.full(_MAX_WORD, _GOLDEN, dtype=np.uint64), dtype=np.uint64)
    return powers


@cache
def _negations() -> Hashes:
    signs = _tokens_of(characters_of([" ".join((*NEGATIONS, _NOT))]))
    return signs.hash


@cache
def _kinds() -> NDArray[np.uint8]:
    table = np.full(_N_KINDS, OTHER, dtype=np.uint8)
    for code in range(_LAST_LISTED):
        category = unicodedata.category(chr(code))
        if category in {"Cc", "Cf", "Zs", "Zl", "Zp"}:
            table[code] = GAP
        elif category == "Nd":
            table[code] = DIGIT
        elif category == "So":  # emoji among them
            table[code] = TOKEN
        elif category[0] != "L":
            table[code] = SIGN
    for ranges, kind in ((_LATIN_RANGES, LATIN), (_HAN_RANGES, HAN)):
        for first, last in ranges:
            letters = table[first : last + 1]
            letters[letters == OTHER] = kind
    for signs, kind in ((".,;:", STOP), ("!?", STRONG_STOP), (_NOT + _SMILE + _FROWN, TOKEN), (FIRST + LAST, END)):
        table[[ord(sign) for sign in signs]] = kind
    return table
