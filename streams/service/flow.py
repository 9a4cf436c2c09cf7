"""How the stages keep up: rate, records behind and age of the oldest one not applied, now and over the last minutes.

The age is measured, not interpolated from offsets: it is the time since the broker took the oldest record that a stage
has not applied. A stage that has caught up has the age 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

#: In the order in which an event meets them.
STAGES: Final = ("normalise", "identity", "catalogue", "profile", "letters")
KEPT_S: Final = 600.0
#: A rate is a mean over at least this long, so that the commits of a stage, one a second, do not make it jump.
RATE_S: Final = 10.0
#: Of an age that grows from one reading to the next by more than this, the stage does not keep up.
RISES_BY_S: Final = 1.0


class StageStand(NamedTuple):
    """Where a stage stood when it was looked at. n_applied: sum of its offsets; it grows as records are applied.

    n_behind: offsets not applied, ends of transactions included. oldest_at_s: broker's clock, None when caught up.
    """

    stage: str
    n_applied: int
    n_behind: int
    oldest_at_s: float | None


class StageFlow(msgspec.Struct, frozen=True):
    """A stage now. rate_per_s: records applied a second. age_s: of the oldest record not applied, 0 when caught up.

    trend: how the age moves.
    """

    stage: str
    rate_per_s: float
    n_behind: int
    age_s: float
    trend: str


class Series(msgspec.Struct, frozen=True):
    """The last minutes, oldest first. at_s: UTC seconds of each reading; the others by stage, one value a reading."""

    at_s: list[float]
    rate_per_s: dict[str, list[float]]
    n_behind: dict[str, list[int]]
    age_s: dict[str, list[float]]


class _Reading(NamedTuple):
    at_s: float
    n_applied: dict[str, int]
    flows: dict[str, StageFlow]


class FlowHistory:
    """Readings of the last minutes. One writer; readers see whole readings."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._readings: deque[_Reading] = deque()

    @property
    def read_at_s(self) -> float | None:
        """When the stages were looked at last."""
        return self._readings[-1].at_s if self._readings else None

    def add(self, at_s: float, stands: Sequence[StageStand]) -> None:
        """Keep a reading; one that is not later than the last is left out. at_s: UTC seconds."""
        if self._readings and at_s <= self._readings[-1].at_s:
            return
        flows = {stand.stage: self._flow(at_s, stand) for stand in stands}
        self._readings.append(_Reading(at_s, {stand.stage: stand.n_applied for stand in stands}, flows))
        while self._readings[0].at_s < at_s - self._kept_s:
            self._readings.popleft()

    def now(self) -> list[StageFlow]:
        """The newest reading, in the order of the stages."""
        return list(self._readings[-1].flows.values()) if self._readings else []

    def series(self, since_s: float = 0.0) -> Series:
        """Readings after `since_s`; a stage that a reading lacks has 0 there."""
        readings = [reading for reading in tuple(self._readings) if reading.at_s > since_s]
        nothing = StageFlow("", 0.0, 0, 0.0, "")
        by_stage = {stage: [reading.flows.get(stage, nothing) for reading in readings] for stage in STAGES}
        return Series(
            at_s=[reading.at_s for reading in readings],
            rate_per_s={stage: [flow.rate_per_s for flow in flows] for stage, flows in by_stage.items()},
            n_behind={stage: [flow.n_behind for flow in flows] for stage, flows in by_stage.items()},
            age_s={stage: [flow.age_s for flow in flows] for stage, flows in by_stage.items()},
        )

    def _flow(self, at_s: float, stand: StageStand) -> StageFlow:
        age_s = 0.0 if stand.oldest_at_s is None else max(0.0, at_s - stand.oldest_at_s)
        before = self._readings[-1].flows.get(stand.stage) if self._readings else None
        return StageFlow(
            stand.stage,
            round(self._rate(at_s, stand), 3),
            stand.n_behind,
            round(age_s, 3),
            "steady" if before is None else _trend(age_s - before.age_s),
        )

    def _rate(self, at_s: float, stand: StageStand) -> float:
        """Since the latest reading that is RATE_S old, else since the first; offsets of a topic made anew give 0."""
        since = next((each for each in reversed(self._readings) if each.at_s <= at_s - RATE_S), None)
        since = since or next(iter(self._readings), None)
        if since is None or stand.stage not in since.n_applied:
            return 0.0
        return max(0.0, (stand.n_applied - since.n_applied[stand.stage]) / (at_s - since.at_s))


def _trend(change_s: float) -> str:
    if abs(change_s) < RISES_BY_S:
        return "steady"
    return "rises" if change_s > 0 else "falls"
