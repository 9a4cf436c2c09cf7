"""Reading the CSV and JSON-lines files of a data folder; what is wrong with one is said with file, line and field."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO, cast

import msgspec

from streams.errors import UsageError

_UNREADABLE: Final = (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error)


def read_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """(line number, the cells of the named columns) of a CSV file with a header, plain or `.gz`. Raises UsageError."""
    try:
        with _opened(file) as text:
            rows = csv.reader(text)
            header = next(rows, [])
            missing = [name for name in columns if name not in header]
            if missing:
                raise UsageError(f"{file}:1: no column {missing[0]!r}; needed are {', '.join(columns)}")
            places = [header.index(name) for name in columns]
            for row in rows:
                if len(row) != len(header):
                    raise UsageError(f"{file}:{rows.line_num}: {len(row)} cells, the header has {len(header)}")
                yield rows.line_num, [row[place] for place in places]
    except _UNREADABLE as error:
        raise UsageError(f"{file}: cannot be read ({error}); give a CSV file in UTF-8, plain or .gz") from error


def header_of(file: Path) -> list[str]:
    """The column names of a CSV file. Raises UsageError."""
    try:
        with _opened(file) as text:
            return next(csv.reader(text), [])
    except _UNREADABLE as error:
        raise UsageError(f"{file}: cannot be read ({error}); give a CSV file in UTF-8, plain or .gz") from error


def read_objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a file of JSON lines, plain or `.gz`, blank lines left out. Raises UsageError."""
    try:
        with _opened(file) as text:
            for number, line in enumerate(text, start=1):
                if line.strip():
                    yield number, _object(file, number, line)
    except _UNREADABLE as error:
        raise UsageError(f"{file}: cannot be read ({error}); give JSON lines in UTF-8, plain or .gz") from error


def number(file: Path, line: int, column: str, cell: str) -> float:
    """A cell as a finite number. Raises UsageError."""
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise UsageError(f"{file}:{line}: {column}: {cell!r} is no number; give seconds")
    return value


def _object(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UsageError(f"{file}:{number}: not a JSON object; give one object a line")
    return value


def _opened(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return cast("TextIO", gzip.open(file, "rt", encoding="utf-8", newline=""))
    return file.open(encoding="utf-8", newline="")
