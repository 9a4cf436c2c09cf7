"""What the gate accepts, as plain values; the composition root fills them from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from streams.domain.trait_intake import DEFAULT_TRAITS, trait_name

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestLimits:
    """Bounds and scales of the gate.

    lateness_s: older events are counted and dropped; 0 = no bound.
    future_tolerance_s: times up to this far ahead of the broker's clock are ordinary jitter.
    max_future_s: times up to this far ahead are set to the broker's clock, later ones refused.
    rates: value of one unit of a currency in `currency`; a price in another currency is left out.
    consent_defaults: by purpose, what holds while nobody said anything.
    traits: names of the declared traits that are kept.
    """

    max_event_bytes: int = 1_000_000
    max_text_chars: int = 4_000
    lateness_s: float = 30 * DAY_S
    future_tolerance_s: float = 300.0
    max_future_s: float = DAY_S
    currency: str = "USD"
    rates: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({"USD": 1.0}))
    consent_defaults: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    traits: frozenset[str] = DEFAULT_TRAITS

    def __post_init__(self) -> None:
        """Raises ValueError for a bound that can hold nothing, and for a trait that names a person."""
        for name in self.traits:
            if trait_name(name) != name:
                raise ValueError(f"traits {name!r}: write {trait_name(name)!r}")
        for name in ("max_event_bytes", "max_text_chars"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} = {getattr(self, name)}: must be positive")
        for name in ("lateness_s", "future_tolerance_s", "max_future_s"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} = {getattr(self, name)}: must be 0 or more")
