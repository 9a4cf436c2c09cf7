"""Chinese texts cut into clauses, a batch at once: what each clause says by itself is a second opinion on the whole.

In a long text about goods of a new kind many n-grams pull a little to one side by mistake. A clause is read as a text
of its own, and each has the same say, so that plain praise and blame are heard. docs/meaning.md has what that gives.

N texts, C characters of the folded batch, K clauses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.meaning.sentiment_ngrams import END, FIRST, GAP, LAST, STOP, STRONG_STOP, Characters, Rows

Margins = NDArray[np.float64]

#: Columns of `what_clauses_say`.
N_OF_CLAUSES: Final = 8

_PAUSES: Final = np.isin(np.arange(256), (GAP, STOP, STRONG_STOP, END))
_MORE_PAUSES: Final = tuple(np.uint64(ord(sign)) for sign in "。、~")


@dataclass(frozen=True, slots=True)
class Clauses:
    """Clauses of the texts that have several. characters: a row is a clause, not a text; text: whose it is (K,)."""

    characters: Characters
    text: Rows


def clauses_of(characters: Characters) -> Clauses:
    """Cut at commas, stops and spaces, which are left out; each clause has the marks that both ends of a text have.

    Weights know "好" at the end of a text, not before a comma: with the signs left in, clauses say less.
    """
    is_said = _is_said(characters)
    starts = is_said.copy()
    starts[1:] &= ~is_said[:-1]
    n_clauses = np.bincount(characters.text[starts], minlength=characters.n_texts)
    inside = is_said & (n_clauses > 1)[characters.text]
    starts = starts[inside]
    return Clauses(_marked(characters.code[inside], characters.kind[inside], starts), characters.text[inside][starts])


def means_of_clauses(text: Rows, margins: Margins, whole: Margins) -> Margins:
    """Mean margin of each text's clauses (N,), of a text that was not cut the margin of the whole.

    text, margins: of each clause (K,). whole: margins of the texts (N,).
    """
    n_clauses = np.bincount(text, minlength=len(whole))
    sums = np.bincount(text, margins, len(whole))
    means: Margins = np.where(n_clauses > 0, sums / np.maximum(n_clauses, 1), whole)
    return means


def what_clauses_say(text: Rows, margins: Margins, whole: Margins) -> Margins:
    """Of each text's clauses (N, `N_OF_CLAUSES`): their mean margin, the least, the greatest, the first, the last, the
    log of how many there are, the share that praises, and the mean of margins that no clause can lead alone.

    A text that was not cut says the same as one clause; text and margins as in `means_of_clauses`, text ascending.
    """
    n_texts = len(whole)
    said = np.column_stack([*[whole] * 5, np.zeros(n_texts), whole > 0, _bounded(whole)])
    if not len(text):
        return said
    starts = np.flatnonzero(np.r_[True, text[1:] != text[:-1]])
    ends = np.append(starts[1:], len(text))
    cut, n_clauses = text[starts], ends - starts
    said[:, 0] = means_of_clauses(text, margins, whole)
    said[cut, 1] = np.minimum.reduceat(margins, starts)
    said[cut, 2] = np.maximum.reduceat(margins, starts)
    said[cut, 3] = margins[starts]
    said[cut, 4] = margins[ends - 1]
    said[cut, 5] = np.log1p(n_clauses)
    said[cut, 6] = np.bincount(text, margins > 0, n_texts)[cut] / n_clauses
    said[cut, 7] = np.bincount(text, _bounded(margins), n_texts)[cut] / n_clauses
    return said


def _bounded(margins: Margins) -> Margins:
    bounded: Margins = np.tanh(2 * margins)
    return bounded


def _is_said(characters: Characters) -> NDArray[np.bool_]:
    pauses = _PAUSES[characters.kind]
    for sign in _MORE_PAUSES:
        pauses |= characters.code == sign
    return ~pauses


def _marked(code: NDArray[np.uint64], kind: NDArray[np.uint8], starts: NDArray[np.bool_]) -> Characters:
    """Clauses with a mark before and behind each."""
    clause = np.cumsum(starts) - 1
    n_clauses = int(np.count_nonzero(starts))
    place = np.arange(len(code)) + 2 * clause + 1
    codes = np.full(len(code) + 2 * n_clauses, ord(LAST), dtype=np.uint64)
    kinds = np.full(len(codes), END, dtype=np.uint8)
    codes[place], kinds[place] = code, kind
    codes[place[starts] - 1] = ord(FIRST)
    rows = np.repeat(np.arange(n_clauses), np.bincount(clause, minlength=n_clauses) + 2)
    return Characters(codes, kinds, rows, n_clauses)
