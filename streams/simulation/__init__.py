"""The people of the demo: seeded, deterministic, and alike to the real thing only in shape.

Nothing here reads a clock or a global generator: the same seed and the same `now_s` give the same bytes.
"""

from __future__ import annotations

from streams.simulation.disorder import Ledger, dirty
from streams.simulation.people import Interest, Person
from streams.simulation.records import OutgoingRecord
from streams.simulation.world import Simulation

__all__ = ["Interest", "Ledger", "OutgoingRecord", "Person", "Simulation", "dirty"]
