"""Workers that die, fail, hang, leave and join."""

from __future__ import annotations

import random
import signal
import time

from tests.chaos.scene import Scene
from tests.chaos.shots import FIRE_S, TAKE_OVER_POINTS, Shot, a_point, evidence_of, fire, someone
from tests.chaos.workers import until


def kill_at_point(scene: Scene, rng: random.Random) -> Shot:
    """SIGKILL inside a checkpoint."""
    stage, point = a_point(rng)
    worker = someone(scene, rng)
    return fire(scene, worker, f"arm kill {stage} {point} {rng.randint(1, 4)}", Shot("kill-at-point", f"{stage}.{point}"))


def kill_in_take_over(scene: Scene, rng: random.Random) -> Shot:
    """SIGKILL while partitions of a killed worker are taken over."""
    one, other = rng.sample(list(scene.running()), 2)
    point = rng.choice(TAKE_OVER_POINTS)
    n_before = len(one.fired())
    one.tell(f"arm kill profile {point} {rng.randint(1, 2)}")
    scene.orchestrator.hold(other, signal.SIGKILL)
    fired = until(lambda: len(one.fired()) > n_before, FIRE_S)
    scene.orchestrator.release(other)
    return Shot("kill-in-take-over", f"profile.{point}", evidence_of(scene, one) if fired else "")


def kill_at_random(scene: Scene, rng: random.Random) -> Shot:
    """SIGKILL at any moment."""
    worker = someone(scene, rng)
    time.sleep(rng.uniform(0.0, 1.0))
    worker.kill()
    return Shot("kill-at-random", worker.name, f"{worker.in_flight()}")


def kill_after_delay(scene: Scene, rng: random.Random) -> Shot:
    """A checkpoint that hangs for longer than the commit interval, and then is killed before it wrote anything."""
    stage = rng.choice(["normalise", "profile"])
    worker = someone(scene, rng)
    worker.tell(f"arm sleep {stage} folded 1 2.5")
    time.sleep(1.0)  # the batch hangs from here on; what passes the next point first is another partition's
    worker.tell(f"arm kill {stage} {'produced-some' if stage == 'normalise' else 'begun'} 1")
    fired = until(lambda: not worker.is_alive() or worker.n_starts > 1, FIRE_S)
    return Shot("kill-after-delay", stage, f"{worker.fired()[-2:]}" if fired else "")


def error_at_point(scene: Scene, rng: random.Random) -> Shot:
    """An exception inside a checkpoint: the worker must end with 70 and nothing of the batch may count as done."""
    stage, point = a_point(rng)
    if point in {"prepared", "acked"}:
        point = "folded"
    worker, n_exits = someone(scene, rng), len(scene.orchestrator.exits)
    shot = Shot("error-at-point", f"{stage}.{point}")
    shot = fire(scene, worker, f"arm raise {stage} {point} {rng.randint(1, 4)}", shot)
    if shot.evidence:
        until(lambda: len(scene.orchestrator.exits) > n_exits, 5)
        codes = [end.code for end in scene.orchestrator.exits[n_exits:] if end.worker == worker.name]
        if 70 not in codes:
            shot.violations.append(f"a worker went on after an error at {stage}.{point} (exits: {codes})")
    return shot


def slow_at_point(scene: Scene, rng: random.Random) -> Shot:
    """A slow broker or disk: one step of a checkpoint takes seconds."""
    stage, point = a_point(rng)
    if point == "acked":
        point = "committed"  # the last of a checkpoint's points that is not on the event loop
    worker, seconds = someone(scene, rng), rng.uniform(1.0, 5.0)
    shot = fire(scene, worker, f"arm sleep {stage} {point} 1 {seconds:.1f}", Shot("slow-at-point", f"{stage}.{point} {seconds:.1f} s"))
    time.sleep(seconds)
    return shot


def terminate(scene: Scene, rng: random.Random) -> Shot:
    """SIGTERM: running checkpoints finish, the worker leaves with 0."""
    worker = someone(scene, rng)
    in_flight = worker.in_flight()
    code = scene.orchestrator.hold(worker, signal.SIGTERM)
    time.sleep(rng.uniform(0.0, 2.0))
    scene.orchestrator.release(worker)
    shot = Shot("sigterm", worker.name, f"{in_flight}")
    if code != 0:
        shot.violations.append(f"exit code {code} after SIGTERM")
    return shot


def join_and_leave(scene: Scene, rng: random.Random) -> Shot:
    """A third worker joins, works, and leaves."""
    third = scene.workers["c"]
    scene.orchestrator.release(third)
    if not until(third.is_ready, 40):
        scene.orchestrator.hold(third, signal.SIGKILL)
        return Shot("join-leave")
    time.sleep(rng.uniform(0.0, 2.0))
    code = scene.orchestrator.hold(third, rng.choice([signal.SIGTERM, signal.SIGKILL]))
    shot = Shot("join-leave", f"left with {code}", "joined and was ready")
    if code not in {0, -signal.SIGKILL}:
        shot.violations.append(f"exit code {code} after SIGTERM")
    return shot


def rolling_restart(scene: Scene, rng: random.Random) -> Shot:
    """SIGTERM one after the other, each back before the next goes."""
    shot = Shot("rolling-restart")
    for worker in scene.running():
        code = scene.orchestrator.hold(worker, signal.SIGTERM)
        if code != 0:
            shot.violations.append(f"exit code {code} of {worker.name} after SIGTERM")
        scene.orchestrator.release(worker)
        if not until(worker.is_ready, 40):
            return shot
    shot.evidence = "both came back"
    return shot
