"""A column of short strings with few distinct values (platforms, categories), stored as one int32 a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.neighbours import Rows

Codes = NDArray[np.int32]
FIRST_CAPACITY = 1_024


@dataclass(frozen=True)
class Labelled:
    """A finished column: row r is called names[codes[r]]."""

    names: list[str]
    codes: Codes

    @classmethod
    def of(cls, labels: Sequence[str]) -> Self:
        """The column of these labels, names in order of appearance."""
        code_of = {name: code for code, name in enumerate(dict.fromkeys(labels))}
        return cls(list(code_of), np.fromiter((code_of[label] for label in labels), dtype=np.int32))

    def names_of(self, rows: Rows) -> list[str]:
        """The labels of these rows."""
        return [self.names[code] for code in self.codes[rows].tolist()]


class LabelColumn:
    """An append-only column. Rows once written never change, so readers need no lock."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._code_of: dict[str, int] = {}
        self._codes: Codes = np.empty(FIRST_CAPACITY, dtype=np.int32)

    def extend(self, labels: Sequence[str], at: int) -> None:
        """Append one row a label behind the first `at` rows."""
        end = at + len(labels)
        if end > len(self._codes):
            larger: Codes = np.empty(max(end, 2 * len(self._codes)), dtype=np.int32)
            larger[:at] = self._codes[:at]
            self._codes = larger
        self._codes[at:end] = [self._code(label) for label in labels]

    def _code(self, label: str) -> int:
        code = self._code_of.get(label)
        if code is None:
            code = len(self._names)
            self._names.append(label)  # first: whoever sees the code finds its name
            self._code_of[label] = code
        return code

    def matches(self, label: str, start: int, stop: int) -> NDArray[np.bool_]:
        """Mask (stop - start,): which rows carry the label; none when nobody ever did."""
        code = self._code_of.get(label)
        if code is None:
            return np.zeros(stop - start, dtype=np.bool_)
        same: NDArray[np.bool_] = self._codes[start:stop] == code
        return same

    def names_below(self, n: int) -> list[str]:
        """The different labels of the first n rows."""
        return [self._names[code] for code in np.unique(self._codes[:n]).tolist()]

    def name_of(self, row: int) -> str:
        """The label of one row."""
        return self._names[int(self._codes[row])]

    def names_of(self, rows: Rows) -> list[str]:
        """The labels of these rows."""
        return [self._names[code] for code in self._codes[rows].tolist()]

    def labelled(self, n: int) -> Labelled:
        """The first n rows, as a copy."""
        return Labelled(list(self._names), self._codes[:n].copy())
