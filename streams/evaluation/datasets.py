"""What the given path holds: tables, CloudEvents or labelled texts; and the plans that can be made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from streams.errors import UsageError
from streams.evaluation.csv_folders import EVENTS, CsvFolder, found, read_csv_folder
from streams.evaluation.data_files import read_objects
from streams.evaluation.logs import Log
from streams.evaluation.protocols import OWN_CLOCK, SHARED_CLOCK, Plan, Split, stream

Kind = Literal["tables", "cloud_events", "labelled_texts"]

#: The file without which a protocol cannot be asked. P2 draws its own targets.
NEEDED: Final[Mapping[str, str]] = MappingProxyType(
    {"P1": "targets.csv", "P3": "targets_coldstart.csv", "light": "light_targets.csv", "extra": "extra_events.csv"}
)
#: Only on request: another question than the four that are reported.
EXTRA: Final = "extra"
STREAM: Final = "stream"
#: A label (1, 0), or a number of stars.
LABELS: Final = ("label", "rating", "value")
_SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")


@dataclass(frozen=True)
class Found:
    """What a path holds. files: of CloudEvents or labelled texts; empty for tables."""

    kind: Kind
    path: Path
    files: tuple[Path, ...] = ()


def recognise(path: Path) -> Found:
    """Look at the path, and at the first line of its files. Raises UsageError."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; give the data to evaluate on")
    if path.is_dir() and found(path, EVENTS) is not None:
        return Found("tables", path)
    files = tuple(sorted(path.iterdir())) if path.is_dir() else (path,)
    files = tuple(file for file in files if file.is_file() and file.name.endswith(_SUFFIXES))
    kinds = {file: _kind_of(file) for file in files}
    for kind in ("cloud_events", "labelled_texts"):
        of_kind = tuple(file for file in files if kinds[file] == kind)
        if of_kind:
            return Found(kind, path, of_kind)
    raise UsageError(
        f"{path}: neither {EVENTS}.gz with {{user_id, item_id, timestamp, seq}}, nor JSON lines of CloudEvents, "
        "nor of labelled texts {text, label}; see docs/evaluation.md"
    )


def table_plans(path: Path, protocols: Sequence[str], split: Split, seed: int) -> Iterator[Plan]:
    """Plans of a folder of tables, one at a time; without protocols those that its files allow. Raises UsageError."""
    folder = read_csv_folder(path, with_extra=EXTRA in protocols)
    known = SHARED_CLOCK if folder.log.has_shared_clock else OWN_CLOCK
    for name in protocols:
        if name not in known and not (name == STREAM and folder.log.has_shared_clock):
            raise UsageError(f"--protocols {name}: {path} allows {', '.join(known)}")
    made = False
    for name in protocols or _allowed(folder, list(known)):
        plan = stream(folder.log, split, seed) if name == STREAM else known[name](folder, split, seed)
        if protocols and not len(plan.targets):
            raise UsageError(f"--protocols {name}: {path} has no target of split {split}; choose others")
        if len(plan.targets):
            made = True
            yield plan
    if not made:
        yield checked(stream(folder.log, split, seed), path)


def event_plans(log: Log, path: Path, protocols: Sequence[str], split: Split, seed: int) -> Iterator[Plan]:
    """The one plan that CloudEvents allow. Raises UsageError."""
    for name in protocols:
        if name != STREAM:
            raise UsageError(f"--protocols {name}: CloudEvents have no targets of their own; leave it out for {STREAM}")
    yield checked(stream(log, split, seed), path)


def checked(plan: Plan, path: Path) -> Plan:
    """The plan, if it asks anything. Raises UsageError."""
    if not len(plan.targets):
        raise UsageError(f"{path}: nobody takes a new item in the last fifth of the events; give a longer log")
    return plan


def _allowed(folder: CsvFolder, names: Sequence[str]) -> list[str]:
    return [
        name for name in names
        if name != EXTRA and (name not in NEEDED or found(folder.path, NEEDED[name]) is not None)
    ]  # fmt: skip


def _kind_of(file: Path) -> Kind | None:
    for _, first in read_objects(file):
        if "specversion" in first:
            return "cloud_events"
        return "labelled_texts" if "text" in first and not first.keys().isdisjoint(LABELS) else None
    return None
