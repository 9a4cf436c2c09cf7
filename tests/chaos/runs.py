"""One run: a scene, faults drawn from a seed, healing, verdict."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.damage import can_mount
from tests.chaos.faults import KINDS
from tests.chaos.scene import NOBODY_ANSWERS, Ground, Scene
from tests.chaos.shots import Fault, Shot
from tests.chaos.verdict import Topics, violations_of
from tests.chaos.workers import until

HEAL_S = 60.0
#: Records confirmed by the broker and not yet booked as done when a fault begins.
MIN_IN_FLIGHT = 100
#: Share of faults after which the next one waits until all workers are back.
PAUSING = 0.7
#: Ends of a worker that are no surprise: killed, an unknown outcome, and no broker there at the start.
EXPECTED_EXITS = {-9, 70, 1}


@dataclass(frozen=True)
class Plan:
    """What to do. seconds: faults begin within this time of a run; planted: a bug to be caught.

    exactly: these faults, all of them in this order, instead of kinds drawn from the seed.
    """

    kinds: Sequence[str] = ()
    seconds: float = 20.0
    rate: float = 800.0
    planted: str = ""
    exactly: Sequence[Fault] = ()


@dataclass
class Report:
    """What a run came to. healed_s: from the last fault's recovery to lag 0."""

    seed: int
    folder: Path
    shots: list[Shot] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    healed_s: float = 0.0
    n_records: int = 0
    n_looks: int = 0
    n_operator_actions: int = 0

    @property
    def counts(self) -> bool:
        """Whether the run proves anything: every fault fired under load."""
        return bool(self.shots) and all(shot.evidence for shot in self.shots)


def available(n_nodes: int) -> tuple[list[str], dict[str, str]]:
    """Kinds that this machine and cluster allow, and the reasons for the others."""
    skipped: dict[str, str] = {}
    if n_nodes > 1:
        skipped["cut-connections"] = "relays stand before a single node (--nodes 1)"
    else:
        skipped["broker-loss"] = "needs three brokers (--nodes 3)"
    if not can_mount():
        skipped["full-disk"] = "needs root to mount a small file system"
    return [kind for kind in KINDS if kind not in skipped], skipped


def sequence(seed: int, kinds: Sequence[str], rng: random.Random) -> Sequence[str]:
    """Kinds in the order of a run; consecutive seeds begin with consecutive kinds, so that a few runs meet all."""
    rest = [kind for kind in kinds for _ in range(2)]
    rng.shuffle(rest)
    return [kinds[seed % len(kinds)], *rest]


def run(ground: Ground, seed: int, plan: Plan) -> Report:
    """Run one seed; never raises for what the pipeline does."""
    folder = Path(tempfile.mkdtemp(prefix=f"braid-chaos-{seed}-"))
    scene = Scene(ground, seed, folder, plan.planted, plan.rate)
    report = Report(seed, folder)
    try:
        scene.start()
        _fire_all(scene, plan, report)
        _judge(scene, report)
    except Exception as error:  # noqa: BLE001 - a run that cannot be judged is a red run
        report.violations.append(f"no verdict: {error!r:.600}")
    finally:
        scene.stop()
    if not report.violations:
        shutil.rmtree(folder, ignore_errors=True)
    return report


def _fire_all(scene: Scene, plan: Plan, report: Report) -> None:
    rng, began_s = scene.rng, time.monotonic()
    until(lambda: scene.n_profiles_written() > 0, 30)
    faults = plan.exactly or [KINDS[kind] for kind in sequence(report.seed, plan.kinds, rng)]
    for fault in faults:
        if not plan.exactly and report.shots and time.monotonic() - began_s > plan.seconds:
            break
        # Drawn for each fault alone: how long another took must not decide what this one draws.
        own = random.Random(rng.random())
        pauses = own.random() < PAUSING
        report.shots.append(_fire(scene, fault, own))
        report.violations += report.shots[-1].violations
        if pauses:  # otherwise the next fault meets a system that has not recovered
            _recover(scene, report.shots[-1])


def _fire(scene: Scene, fault: Fault, rng: random.Random) -> Shot:
    is_loaded = until(lambda: MIN_IN_FLIGHT <= scene.n_behind() < NOBODY_ANSWERS, 20, 0.01) and scene.feeder.n_left > 0
    shot = fault(scene, rng)
    if not is_loaded:
        shot.evidence = ""
    return shot


def _recover(scene: Scene, shot: Shot) -> None:
    ended_s, n_before = time.monotonic(), scene.n_profiles_written()
    scene.orchestrator.wait_ready(HEAL_S)
    if until(lambda: scene.n_profiles_written() > n_before, HEAL_S, 0.05):
        shot.recovery_s = time.monotonic() - ended_s


def _judge(scene: Scene, report: Report) -> None:
    scene.orchestrator.wait_ready()
    acked = scene.feeder.stop()
    report.n_records = acked.n_records
    healing_s = time.monotonic()
    if not until(lambda: scene.n_behind() == 0, HEAL_S, 0.1):
        left = scene.n_behind()
        why = f"lag unknown ({scene.last_error})" if left == NOBODY_ANSWERS else f"{left} records behind"
        report.violations.append(f"{why} {HEAL_S:.0f} s after the last fault")
    report.healed_s = time.monotonic() - healing_s
    seen = scene.watcher.stop()
    report.n_looks = seen.n_looks
    report.violations += seen.violations
    report.violations += violations_of(Topics(scene.bootstrap_servers, scene.names), acked)
    report.n_operator_actions = scene.orchestrator.n_operator_actions
    if scene.orchestrator.n_unasked_deletions:
        report.violations.append("a worker called whole files corrupt")
    if scene.orchestrator.broke:
        report.violations.append(f"the orchestrator failed: {scene.orchestrator.broke}")
    surprising = [end for end in scene.orchestrator.exits if end.code not in EXPECTED_EXITS and end.code != 0]
    if surprising:
        report.violations.append(f"unexpected exits: {surprising}")
