"""The gates by name. share: part of all inputs; what reads files costs a thousand times what decodes a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from tests.fuzz import event_gates, file_gates, mapping_gate, record_gates, serve_gates
from tests.fuzz.mutations import Parts


class Gate(Protocol):
    """Something that reads what others wrote."""

    @property
    def name(self) -> str: ...

    @property
    def n_at_once(self) -> int: ...

    def seeds(self) -> list[Parts]:
        """Valid inputs, the same every time."""

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises whatever a gate must never raise; Violation when it answers wrongly."""


class Entry(NamedTuple):
    """isolated: in a process of its own, since native code that reads files can take its process along."""

    make: Callable[[], Gate]
    share: float
    isolated: bool = False


GATES: dict[str, Entry] = {
    "events": Entry(event_gates.events, 0.40),
    "mapped-events": Entry(event_gates.mapped_events, 0.17),
    "items": Entry(event_gates.Describing, 0.15),
    "user-events": Entry(record_gates.UserEvents, 0.08),
    "states": Entry(record_gates.States, 0.04),
    "cached-vectors": Entry(record_gates.CachedVectors, 0.04),
    "item-vectors": Entry(serve_gates.item_vectors, 0.04),
    "profiles": Entry(serve_gates.profiles, 0.0375),
    "mapping-files": Entry(mapping_gate.MappingFiles, 0.02),
    "http": Entry(serve_gates.Requests, 0.02),
    "snapshots": Entry(file_gates.Snapshots, 0.001, isolated=True),
    "state-files": Entry(file_gates.Tables, 0.0005, isolated=True),
    "view-files": Entry(file_gates.Views, 0.0005, isolated=True),
    "cache-files": Entry(file_gates.Caches, 0.0005, isolated=True),
}
