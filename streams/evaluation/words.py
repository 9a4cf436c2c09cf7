"""Item texts as sparse TF-IDF rows of unit length: what the text baseline and the measure of diversity compare."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from streams.evaluation.catalogue import Catalogue

_WORD: Final = re.compile(r"\w+")
#: Scripts without spaces between words: their characters stand for words.
_IDEOGRAPH: Final = re.compile(r"[぀-ヿ㐀-鿿]")


def words_of(text: str) -> list[str]:
    """Lower-case words; characters where a script has no spaces.

    >>> words_of("Trail-Running 跑鞋")
    ['trail', 'running', '跑', '鞋']
    """
    return _WORD.findall(_IDEOGRAPH.sub(r" \g<0> ", text.lower()))


def item_words(catalogue: Catalogue) -> csr_array:
    """(N, V) float64 rows of unit L2 norm, empty for items without text: title, attributes, category and brand.

    Weights are count · (1 + ln(N / n_w)), n_w items with the word (Salton and Buckley 1988).
    """
    bags = [Counter(_all_words(catalogue, row)) for row in range(len(catalogue))]
    n_items_with = Counter(word for bag in bags for word in bag)
    columns = {word: column for column, word in enumerate(n_items_with)}
    rarity = {word: 1.0 + np.log(len(bags) / n) for word, n in n_items_with.items()}
    starts = np.cumsum([0] + [len(bag) for bag in bags])
    places = np.array([columns[word] for bag in bags for word in bag], dtype=np.int64)
    values = np.array([n * rarity[word] for bag in bags for word, n in bag.items()], dtype=np.float64)
    squares = np.add.reduceat(np.append(values**2, 0.0), starts[:-1]) * (np.diff(starts) > 0)
    values /= np.repeat(np.sqrt(np.where(squares > 0, squares, 1.0)), np.diff(starts))
    return csr_array((values, places, starts), shape=(len(bags), max(len(columns), 1)))


def _all_words(catalogue: Catalogue, row: int) -> list[str]:
    """Attributes are names: each is one word."""
    names = (*catalogue.attributes[row], catalogue.categories[row], catalogue.brands[row])
    return words_of(catalogue.titles[row]) + [f"={name.lower()}" for name in names if name]
