"""The published experiments: what all of a person's accounts were assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streams.domain.experiments import MAX_EXPERIMENTS, Assigned, note
from streams.domain.latest import latest
from streams.domain.profiles import Experiment


def experiments_of(accounts: Iterable[Mapping[str, Assigned]]) -> list[Experiment]:
    """Newest first, then by name; the newest assignment of each name."""
    together: dict[str, Assigned] = {}
    for held in accounts:
        for name, assigned in held.items():
            note(together, name, assigned)
    kept = latest(together, MAX_EXPERIMENTS)
    newest_first = sorted(kept.items(), key=lambda each: (-each[1].at_s, each[0]))
    return [Experiment(name, said.variant, said.at_s) for name, said in newest_first]
