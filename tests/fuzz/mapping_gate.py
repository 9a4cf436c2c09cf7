"""Mapping files: whatever stands in one, it is refused with a UsageError that names it, or it maps records."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from streams.adapters.mapping_files import action_table, decoder_for, load_mappings
from streams.domain.platforms import Platform
from streams.errors import UsageError
from streams.service.normalise import Normaliser
from tests.fuzz.event_gates import SECRET, health_seeds, letters_keep_bytes, record_of
from tests.fuzz.findings import Violation
from tests.fuzz.mutations import Parts
from tests.fuzz.scratch import scratch

TINY = b'[envelope]\nid = "a"\nsource = { const = "s" }\ntype = { path = ["b", "c[0].d"] }\ntime = { path = "t", unit = "epoch_s" }\n[types]\n"*" = "product.viewed"\n[actions."a.b"]\nweight = 2.0\ntakes = "watch"\nneeds = ["item", "text"]\nwords = "text"\nreverses = "video.liked"\n'
BASED = b'dialect = "ga4"\n[envelope]\nsubject = "x"\n[data]\nrating = { path = "r", scale = { from = [0, 10], to = [1, 5] } }\n'


class MappingFiles:
    """A file, and a record for it."""

    name = "mapping-files"
    n_at_once = 1

    def __init__(self) -> None:
        self._folder = scratch()
        self._file = self._folder / "health.toml"

    def seeds(self) -> list[Parts]:
        """The files that ship, the one of the documentation, and two small ones."""
        shipped = [
            file.read_bytes() for file in resources.files("streams.mappings").iterdir() if file.name.endswith(".toml")
        ]
        files = [*shipped, Path("docs/mappings/health.toml").read_bytes(), TINY, TINY, BASED, BASED]
        return [(file, value) for file in files for value, _ in health_seeds()[:6:5]]

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation."""
        return [self._outcome(case) for case in cases]

    def _outcome(self, case: Parts) -> str:
        self._file.write_bytes(case[0] or b"")
        try:
            mappings = load_mappings(self._folder)
            actions = action_table(mappings)
        except UsageError as error:
            if not (str(error).startswith(str(self._file)) or str(error).startswith("action ")):
                raise Violation(f"the refusal names neither file nor action: {error}") from error
            return "refused"
        records = [record_of((case[1] if len(case) > 1 else None, b"k"), 0)]
        batch = Normaliser(SECRET, decoder_for(mappings), actions).normalise(records, Platform("health"))
        reasons = letters_keep_bytes(batch.dead, records)
        return f"loaded, {reasons[0]}" if reasons else "loaded, mapped"
