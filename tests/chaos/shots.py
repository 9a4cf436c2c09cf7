"""What a fault is, what it reports, and the points and workers that it may choose."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.scene import Scene
from tests.chaos.workers import ChaosWorker, until

#: Much longer than the session of 3 s and the rebalance behind it, on a machine that does much else as well.
TAKE_OVER_S = 90.0
FIRE_S = 25.0

NORMALISE_POINTS = ("prepared", "folded", "produced-some", "produced-all", "flushed", "committed", "acked")
PROFILE_POINTS = (
    "prepared", "folded", "begun", "produced-some", "produced-all", "marker-sent", "flushed", "committed", "stored",
    "acked",
)  # fmt: skip
#: The catalogue keeps no state, so nothing is stored behind its commit.
CATALOGUE_POINTS = tuple(point for point in PROFILE_POINTS if point != "stored")
#: Between these a transaction is open: whoever is woken in it must find itself fenced.
IN_TRANSACTION = ("begun", "produced-some", "produced-all", "marker-sent", "flushed")
TAKE_OVER_POINTS = ("assigned", "initialised", "restored")


@dataclass
class Shot:
    """What became of one fault. took_s: until it was over, the pipeline's recovery apart."""

    kind: str
    detail: str = ""
    evidence: str = ""
    violations: list[str] = field(default_factory=list)
    recovery_s: float | None = None
    took_s: float = 0.0


Fault = Callable[[Scene, random.Random], Shot]


def someone(scene: Scene, rng: random.Random) -> ChaosWorker:
    return rng.choice(list(scene.running()))


def a_point(rng: random.Random) -> tuple[str, str]:
    points = {"normalise": NORMALISE_POINTS, "profile": PROFILE_POINTS, "catalogue": CATALOGUE_POINTS}
    return rng.choice([(stage, point) for stage, of_stage in points.items() for point in of_stage])


def fire(scene: Scene, worker: ChaosWorker, command: str, shot: Shot) -> Shot:
    n_before = len(worker.fired())
    worker.tell(command)
    if until(lambda: len(worker.fired()) > n_before, FIRE_S):
        shot.evidence = evidence_of(scene, worker)
    return shot


def evidence_of(scene: Scene, worker: ChaosWorker) -> str:
    return f"{worker.name}: {worker.fired()[-1]}"
