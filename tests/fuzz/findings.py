"""What a gate did that it must not do, as a file that replays."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgpack

from tests.fuzz.mutations import Parts

MAX_FILES_A_KIND = 3


class Violation(AssertionError):  # noqa: N818 - what it is
    """A gate answered, but not as it promises."""


class Hang(BaseException):
    """An input took longer than its bound. No Exception, so that nothing on the way catches it."""


@dataclass(frozen=True)
class Finding:
    """gate, the inputs that show it (one, if one suffices) and how. kind: equal for what is the same fault."""

    gate: str
    cases: Sequence[Parts]
    kind: str
    story: str

    @classmethod
    def of(cls, gate: str, cases: Sequence[Parts], error: BaseException) -> Finding:
        """From what the gate raised."""
        frames = traceback.extract_tb(error.__traceback__)
        place = next(
            (f"{Path(f.filename).name}:{f.name}" for f in reversed(frames) if "/tests/fuzz/" not in f.filename), ""
        )
        said = str(error)[:80] if isinstance(error, Violation) else place
        return cls(
            gate, cases, f"{type(error).__name__} {said}".strip(), "".join(traceback.format_exception(error)[-12:])
        )


class FindingFiles:
    """A folder of findings; a few files of each kind, since a million of one say no more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.n_of: dict[str, int] = {}

    def add(self, finding: Finding) -> None:
        """Count it, and write it if it is one of the first of its kind."""
        kind = f"{finding.gate}: {finding.kind}"
        self.n_of[kind] = self.n_of.get(kind, 0) + 1
        if self.n_of[kind] > MAX_FILES_A_KIND:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        packed = msgpack.packb(
            {"gate": finding.gate, "kind": finding.kind, "cases": finding.cases, "story": finding.story}
        )
        (self._folder / f"{finding.gate}-{blake2b(packed, digest_size=6).hexdigest()}.finding").write_bytes(packed)


def read_finding(path: Path) -> Finding:
    """What was written."""
    found = msgpack.unpackb(path.read_bytes())
    return Finding(found["gate"], [tuple(parts) for parts in found["cases"]], found["kind"], found["story"])
