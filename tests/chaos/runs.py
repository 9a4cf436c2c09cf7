"""One run: a scene, faults drawn from a seed, healing, verdict."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.damage import can_mount
from tests.chaos.faults import KINDS
from tests.chaos.feeding import Acked, Feed
from tests.chaos.items import last_words
from tests.chaos.scene import NOBODY_ANSWERS, SERVE, Ground, Scene
from tests.chaos.served import served_faults
from tests.chaos.shots import Fault, Shot
from tests.chaos.verdict import Topics, violations_of
from tests.chaos.workers import Orchestrator, until

#: How long a fault may take to be overcome, where the next one waits for it.
HEAL_S = 60.0
#: How long what was published may take to be applied once the faults are over: what hangs never is.
DRAIN_S = 180.0
#: Load for each fault of a plan that must go through all of its faults; most take less than ten seconds of it.
EXACT_S = 60.0
#: Records confirmed by the broker and not yet booked as done when a fault begins.
MIN_IN_FLIGHT = 100
#: Share of faults after which the next one waits until all workers are back.
PAUSING = 0.7
#: Ends of a worker that are no surprise: killed, an unknown outcome, and no broker there at the start.
EXPECTED_EXITS = {-9, 70, 1}
RELAYED = ("cut-connections", "slow-broker")


@dataclass(frozen=True)
class Plan:
    """What to do. seconds: faults begin within this time of a run, at most max_faults; planted: a bug to be caught.

    exactly: these faults, all of them in this order, instead of kinds drawn from the seed.
    """

    kinds: Sequence[str] = ()
    seconds: float = 20.0
    rate: float = 800.0
    max_faults: int = 100
    planted: str = ""
    exactly: Sequence[Fault] = ()

    @property
    def n_events(self) -> int:
        """Events prepared: so many that the load outlasts the faults, on a machine that is busy with other things too."""
        seconds = EXACT_S * max(2, len(self.exactly)) if self.exactly else max(50.0, self.seconds + 30.0)
        return round(self.rate * seconds)


def short_plan(kinds: Sequence[str], planted: str = "") -> Plan:
    """One or two faults a run on a lighter load, the same verdict: what every change can afford."""
    return Plan(kinds, seconds=4.0, rate=500.0, max_faults=2, planted=planted)


@dataclass
class Report:
    """What a run came to. healed_s: from the last fault's recovery to lag 0."""

    seed: int
    folder: Path
    shots: list[Shot] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    healed_s: float = 0.0
    n_records: int = 0
    n_items: int = 0
    n_looks: int = 0
    n_operator_actions: int = 0
    took_s: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether the run proves anything: every fault fired under load."""
        return bool(self.shots) and all(shot.evidence for shot in self.shots)


def available(n_nodes: int) -> tuple[list[str], dict[str, str]]:
    """Kinds that this machine and cluster allow, and the reasons for the others."""
    skipped: dict[str, str] = {}
    if n_nodes > 1:
        skipped |= dict.fromkeys(RELAYED, "relays stand before a single node (--nodes 1)")
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


def prepared(ground: Ground, seed: int, plan: Plan) -> Scene:
    """The scene of a seed, its workers on their way up."""
    folder = Path(tempfile.mkdtemp(prefix=f"braid-chaos-{seed}-"))
    scene = Scene(ground, seed, folder, Feed.of(seed, plan.n_events, plan.rate), plan.planted)
    scene.begin()
    return scene


def run(ground: Ground, seed: int, plan: Plan) -> Report:
    """Run one seed; never raises for what the pipeline does."""
    return run_scene(prepared(ground, seed, plan), plan)


def run_scene(scene: Scene, plan: Plan, meanwhile: Callable[[], None] = lambda: None) -> Report:
    """Run a prepared seed. meanwhile: called once its workers are gone and only the topics are left to be judged."""
    began_s, report = time.monotonic(), Report(scene.seed, scene.folder)
    try:
        scene.start()
        _fire_all(scene, plan, report)
        acked = _heal(scene, report)
        scene.orchestrator.stop()
        meanwhile()
        report.violations += violations_of(Topics(scene.bootstrap_servers, scene.names), acked)
    except Exception as error:  # noqa: BLE001 - a run that cannot be judged is a red run
        report.violations.append(f"no verdict: {error!r:.600}")
    finally:
        scene.stop()
    if not report.violations:
        scene.forget()
    report.took_s = time.monotonic() - began_s
    return report


def _fire_all(scene: Scene, plan: Plan, report: Report) -> None:
    rng, began_s = scene.rng, time.monotonic()
    until(lambda: scene.n_profiles_written() > 0, 30)
    faults = plan.exactly or [KINDS[kind] for kind in sequence(report.seed, plan.kinds, rng)]
    for fault in faults:
        is_late = time.monotonic() - began_s > plan.seconds or len(report.shots) >= plan.max_faults
        if not plan.exactly and report.shots and is_late:
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
    began_s = time.monotonic()
    shot = fault(scene, rng)
    shot.took_s = time.monotonic() - began_s
    if not is_loaded:
        shot.evidence = ""
    return shot


def _recover(scene: Scene, shot: Shot) -> None:
    ended_s, n_before = time.monotonic(), scene.n_profiles_written()
    scene.orchestrator.wait_ready(HEAL_S)
    if until(lambda: scene.n_profiles_written() > n_before, HEAL_S, 0.05):
        shot.recovery_s = time.monotonic() - ended_s


def _heal(scene: Scene, report: Report) -> Acked:
    """Everything that is judged while the workers live; returns what was published."""
    scene.orchestrator.wait_ready()
    acked = scene.feeder.stop()
    report.n_records, report.n_items = acked.n_records, len(acked.items)
    healing_s = time.monotonic()
    if not until(lambda: scene.n_behind() == 0, DRAIN_S, 0.1):
        left = scene.n_behind()
        why = f"lag unknown ({scene.last_error})" if left == NOBODY_ANSWERS else f"{left} records behind"
        report.violations.append(f"{why} {DRAIN_S:.0f} s after the last fault")
    report.healed_s = time.monotonic() - healing_s
    seen = scene.watcher.stop()
    report.n_looks = seen.n_looks
    report.violations += seen.violations
    if scene.workers[SERVE].wanted:
        report.violations += served_faults(scene.workers[SERVE], last_words(acked.items), scene.rng)
    _judge_orchestrator(scene.orchestrator, report)
    return acked


def _judge_orchestrator(orchestrator: Orchestrator, report: Report) -> None:
    report.n_operator_actions = orchestrator.n_operator_actions
    if orchestrator.n_unasked_deletions:
        report.violations.append("a worker called whole files corrupt")
    if orchestrator.broke:
        report.violations.append(f"the orchestrator failed: {orchestrator.broke}")
    surprising = [end for end in orchestrator.exits if end.code not in EXPECTED_EXITS and end.code != 0]
    if surprising:
        report.violations.append(f"unexpected exits: {surprising}")
