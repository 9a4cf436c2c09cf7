"""Rounds of a benchmark: a value a measure, engine and round, told as they come; medians and spread for people."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.bench.report import emit


@dataclass
class Rounds:
    """Engine -> measure -> a value a round."""

    engines: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, engine: str, row: Mapping[str, float]) -> None:
        """Book one engine's round."""
        for name, value in row.items():
            self.engines.setdefault(engine, {}).setdefault(name, []).append(value)
        told = ", ".join(f"{name} {value:,.4g}" for name, value in row.items())
        print(f"{engine}: {told}", file=sys.stderr, flush=True)

    def median(self, engine: str, measure: str) -> float:
        """Over the rounds."""
        return statistics.median(self.engines[engine][measure])

    def table(self) -> str:
        """A line an engine and measure: median (least - most)."""
        return "\n".join(
            f"{engine} | {name} | {statistics.median(values):,.4g} ({min(values):,.4g} - {max(values):,.4g})"
            for engine, measures in self.engines.items()
            for name, values in measures.items()
        )

    def report(self, name: str, settings: Mapping[str, object], baseline: str, measure: str) -> None:
        """The table to stderr, the JSON line to stdout."""
        print(self.table(), file=sys.stderr, flush=True)
        emit(name, settings, self.engines, baseline, measure)
