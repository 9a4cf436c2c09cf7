"""All rules, in the order of the file that Prometheus reads."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.access import ACCESS
from streams.telemetry.rules.canary import CANARY
from streams.telemetry.rules.edges import EDGES
from streams.telemetry.rules.encoder import ENCODER
from streams.telemetry.rules.flow import FLOW
from streams.telemetry.rules.objectives import OBJECTIVE_GROUPS
from streams.telemetry.rules.processes import PROCESSES
from streams.telemetry.rules.serving import SERVING
from streams.telemetry.rules.state import STATE
from streams.telemetry.rules.structs import Alert, Group, Recording

GROUPS: Final[tuple[Group, ...]] = (
    *OBJECTIVE_GROUPS, PROCESSES, FLOW, EDGES, STATE, ENCODER, SERVING, ACCESS, CANARY,
)  # fmt: skip
ALERTS: Final[tuple[Alert, ...]] = tuple(alert for group in GROUPS for alert in group.alerts)
RECORDINGS: Final[tuple[Recording, ...]] = tuple(
    rule for group in GROUPS for rule in group.rules if isinstance(rule, Recording)
)
