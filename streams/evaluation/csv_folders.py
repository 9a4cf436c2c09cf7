"""Folders in the format of the shared sets: `events.csv.gz`, `items.jsonl.gz`, `targets*.csv.gz`, `light_*`, `extra_*`.

Events carry either `timestamp` (seconds since the epoch) or `seconds_since_first` (of the person) with `seq`, the order
of the source. Which of the other files are there decides which protocols can be run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError
from streams.evaluation.catalogue import Catalogue
from streams.evaluation.data_files import header_of, number, read_objects, read_rows
from streams.evaluation.logs import Log
from streams.evaluation.methods.port import Numbers, Rows

EVENTS: Final = "events.csv"
ITEMS: Final = "items.jsonl"
TIMESTAMP: Final = "timestamp"
SINCE_FIRST: Final = "seconds_since_first"


@dataclass(frozen=True)
class CsvFolder:
    """What a folder holds. parts: (E,) of each event of the log, which file it came from: `PARTS`.

    Without a shared clock the log stands person by person, in the order of the source.
    """

    path: Path
    log: Log
    parts: NDArray[np.intp]
    user_rows: dict[str, int]
    item_rows: dict[str, int]

    def targets(self, name: str, split: str | None) -> tuple[Rows, Rows, Numbers]:
        """(users, items, times_s) of a file of targets, or of its rows of one split. Raises UsageError."""
        file = found(self.path, name)
        if file is None:
            raise UsageError(f"{self.path}: no {name}.gz, which this protocol needs; choose others with --protocols")
        columns = ["user_id", "item_id", TIMESTAMP] + (["split"] if split else [])
        users, items, times_s = [], [], []
        for line, (user, item, time, *of_split) in read_rows(file, columns):
            if split and of_split != [split]:
                continue
            users.append(_row(self.user_rows, user, file, line, "user_id"))
            items.append(_row(self.item_rows, item, file, line, "item_id"))
            times_s.append(number(file, line, TIMESTAMP, time))
        return np.array(users, dtype=np.intp), np.array(items, dtype=np.intp), np.array(times_s, dtype=np.float64)


#: Prefixes of the files of events and items, in the order of `CsvFolder.parts`.
PARTS: Final = ("", "light_", "extra_")
MAIN: Final = 0
LIGHT: Final = 1
EXTRA: Final = 2


def found(folder: Path, name: str) -> Path | None:
    """A file of the folder, packed or plain; None when it is not there."""
    for file in (folder / f"{name}.gz", folder / name):
        if file.is_file():
            return file
    return None


def read_csv_folder(path: Path, *, with_extra: bool = False) -> CsvFolder:
    """Everything but the targets; `extra_*` only when asked for, since its platforms make the catalogue larger.

    Raises UsageError naming file, line, what is wrong and the remedy.
    """
    read = PARTS if with_extra else PARTS[:EXTRA]
    catalogue, item_rows = _catalogue(path, read)
    user_rows: dict[str, int] = {}
    columns: list[tuple[int, int, float, float, int]] = []
    own_clock = False
    for part, prefix in enumerate(read):
        file = found(path, prefix + EVENTS)
        if file is not None:
            own_clock = SINCE_FIRST in header_of(file)
            columns += _events(file, part, own_clock, user_rows, item_rows)
    if not columns:
        raise UsageError(f"{path}: no events in {EVENTS}.gz; give a folder with at least one")
    users, items, times_s, seqs, parts = (np.array(column) for column in zip(*columns, strict=True))
    order = np.lexsort((seqs, users)) if own_clock else np.lexsort((seqs, times_s))
    log = Log(
        catalogue,
        tuple(user_rows),
        users[order].astype(np.intp),
        items[order].astype(np.intp),
        times_s[order].astype(np.float64),
        np.ones(len(order)),
        has_shared_clock=not own_clock,
    )
    return CsvFolder(path, log, parts[order].astype(np.intp), user_rows, item_rows)


def _events(
    file: Path, part: int, own_clock: bool, user_rows: dict[str, int], item_rows: dict[str, int]
) -> list[tuple[int, int, float, float, int]]:
    clock = SINCE_FIRST if own_clock else TIMESTAMP
    events = []
    for line, (user, item, time, seq) in read_rows(file, ["user_id", "item_id", clock, "seq"]):
        if not user:
            raise UsageError(f"{file}:{line}: user_id: empty; every event has a person")
        item_row = _row(item_rows, item, file, line, "item_id")
        user_row = user_rows.setdefault(user, len(user_rows))
        events.append((user_row, item_row, number(file, line, clock, time), number(file, line, "seq", seq), part))
    return events


def _row(rows: dict[str, int], name: str, file: Path, line: int, column: str) -> int:
    row = rows.get(name)
    if row is None:
        where = "an event" if column == "user_id" else f"{ITEMS}.gz"
        raise UsageError(f"{file}:{line}: {column}: {name!r} is in no line of {where}; add it there")
    return row


def _catalogue(path: Path, prefixes: Sequence[str]) -> tuple[Catalogue, dict[str, int]]:
    rows: dict[str, int] = {}
    found_items: list[dict[str, Any]] = []
    if found(path, ITEMS) is None:
        raise UsageError(f"{path}: no {ITEMS}.gz; give a folder with the catalogue of its events")
    for prefix in prefixes:
        file = found(path, prefix + ITEMS)
        if file is None:
            continue
        for line, item in read_objects(file):
            key = item.get("item_id")
            if not isinstance(key, str) or not isinstance(item.get("platform"), str):
                raise UsageError(f"{file}:{line}: item_id and platform must be texts; mend the line")
            if key not in rows:
                rows[key] = len(rows)
                found_items.append(item)
    return catalogue_of(found_items), rows


def catalogue_of(items: Sequence[dict[str, Any]]) -> Catalogue:
    """Items as objects {item_id, platform, title, attributes, category, brand, price} to columns; what lacks is empty.

    Raises nothing but KeyError, for an item without item_id or platform.
    """
    platforms = tuple(dict.fromkeys(str(item["platform"]) for item in items))
    codes = {name: code for code, name in enumerate(platforms)}
    return Catalogue(
        keys=tuple(str(item["item_id"]) for item in items),
        platforms=platforms,
        platform=np.array([codes[str(item["platform"])] for item in items], dtype=np.intp),
        titles=tuple(str(item.get("title") or "") for item in items),
        attributes=tuple(tuple(map(str, item.get("attributes") or ())) for item in items),
        categories=tuple(str(item.get("category") or "") for item in items),
        brands=tuple(str(item.get("brand") or "") for item in items),
        prices=np.array([_price(item.get("price")) for item in items], dtype=np.float64),
    )


def _price(said: object) -> float:
    return float(said) if isinstance(said, int | float) else float("nan")
