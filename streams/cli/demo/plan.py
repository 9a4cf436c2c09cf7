"""What a demo run is asked to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DemoPlan:
    """model: empty = the packaged weights where installed, else `hashed`. port: 0 = 8080 or the next free one."""

    once: bool
    n_events: int
    n_people: int
    rate_per_s: float
    seed: int
    model: str
    port: int


@dataclass(frozen=True)
class Prepared:
    """What preflight found: ports that were free a moment ago, and the encoder."""

    api_port: int
    metrics_port: int
    model: str


@dataclass
class DemoResult:
    """Counts of one run. What is late, ignored or refused is accounted for, but in neither profiles nor dead letters.

    n_refused: events of people who asked to be erased. n_consents: sent, and applied to no sum. n_due: profiles that
    must be there once every event and every link is applied.
    """

    events_published: int = 0
    events_applied: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    n_late: int = 0
    n_ignored: int = 0
    n_refused: int = 0
    n_consents: int = 0
    n_due: int = 0
    profiles: int = 0
    items: int = 0
    recommended: int = 0
    was_interrupted: bool = False
    events_per_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def n_accounted(self) -> int:
        """Published events whose fate is known."""
        set_aside = self.n_late + self.n_ignored + self.n_refused + self.n_consents
        return self.events_applied + self.duplicates + self.dead_letters + set_aside

    @property
    def is_complete(self) -> bool:
        """Whether nothing was lost, nothing counted twice, and every person is one as far as somebody knows them."""
        is_accounted = self.events_published > 0 and self.n_accounted == self.events_published
        return is_accounted and self.profiles == self.n_due

    def as_contract(self) -> dict[str, Any]:
        """The machine-readable end, as docs/contracts.md has it."""
        return {
            "events_published": self.events_published,
            "events_applied": self.events_applied,
            "duplicates": self.duplicates,
            "dead_letters": self.dead_letters,
            "profiles": self.profiles,
            "items": self.items,
            "recommended": self.recommended,
            "events_per_s": round(self.events_per_s, 1),
            "latency_ms": {"p50": self.latency_ms(0.50), "p99": self.latency_ms(0.99)},
        }

    def latency_ms(self, quantile: float) -> float:
        """From the broker's time of an event to its profile being read from the topic."""
        if not self.latencies_s:
            return 0.0
        ordered = sorted(self.latencies_s)
        return round(1000 * ordered[min(len(ordered) - 1, int(quantile * len(ordered)))], 1)
