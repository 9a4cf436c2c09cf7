"""Workers that are stopped past their session while others take over, and then wake."""

from __future__ import annotations

import random
import signal
import time

from tests.chaos.scene import PARTITIONS, Scene
from tests.chaos.shots import (
    CATALOGUE_POINTS,
    FIRE_S,
    IN_TRANSACTION,
    PROFILE_POINTS,
    TAKE_OVER_POINTS,
    TAKE_OVER_S,
    Shot,
    someone,
)
from tests.chaos.workers import ChaosWorker, until


def zombie_at_point(scene: Scene, rng: random.Random) -> Shot:
    """SIGSTOP inside a checkpoint, past the session; the other goes on; then SIGCONT."""
    stage = rng.choice(["profile", "profile", "catalogue"])
    return zombie_at(rng.choice(PROFILE_POINTS if stage == "profile" else CATALOGUE_POINTS), scene, rng, stage)


def zombie_at(point: str, scene: Scene, rng: random.Random, stage: str = "profile") -> Shot:
    """The same at a given point."""
    worker = someone(scene, rng)
    n_before = len(worker.fired())
    shot = Shot("zombie-at-point", f"{stage}.{point}")
    worker.tell(f"arm stop {stage} {point} {rng.randint(1, 4)}")
    if not until(lambda: len(worker.fired()) > n_before and worker.is_stopped(), FIRE_S):
        worker.signal(signal.SIGCONT)
        return shot
    return _outlive(scene, worker, rng, shot, must_die=point in IN_TRANSACTION)


def zombie_at_random(scene: Scene, rng: random.Random) -> Shot:
    """SIGSTOP at any moment at which a batch is in flight, past the session; then SIGCONT."""
    time.sleep(rng.uniform(0.0, 1.0))
    shot, give_up_s = Shot("zombie-at-random", "nobody"), time.monotonic() + FIRE_S
    while time.monotonic() < give_up_s:
        worker = someone(scene, rng)  # anew each time: one that has just come back may own nothing for a while
        shot.detail = worker.name
        worker.signal(signal.SIGSTOP)
        if until(worker.is_stopped, 1, 0.001) and worker.in_flight().get("profile", 0) > 0:
            return _outlive(scene, worker, rng, shot, must_die=False)
        worker.signal(signal.SIGCONT)
        time.sleep(rng.uniform(0.005, 0.05))
    return shot


def zombie_in_take_over(scene: Scene, rng: random.Random) -> Shot:
    """SIGSTOP between fence, restore and seek of a take-over; another gets the partitions; then SIGCONT."""
    return zombie_taking_over_at(rng.choice(TAKE_OVER_POINTS), scene, rng)


def zombie_taking_over_at(point: str, scene: Scene, rng: random.Random) -> Shot:
    """The same at a given point."""
    one, other = rng.sample(list(scene.running()), 2)
    n_before = len(one.fired())
    one.tell(f"arm stop profile {point} 1")
    scene.orchestrator.hold(other, signal.SIGKILL)
    shot = Shot("zombie-in-take-over", f"profile.{point}")
    stopped = until(lambda: len(one.fired()) > n_before and one.is_stopped(), FIRE_S)
    scene.orchestrator.release(other)
    if not stopped:
        one.signal(signal.SIGCONT)
        return shot
    return _outlive(scene, one, rng, shot, must_die=False)


def _outlive(scene: Scene, zombie: ChaosWorker, rng: random.Random, shot: Shot, *, must_die: bool) -> Shot:
    """Let the others take over from a stopped worker and go on; wake it; see what it does."""
    in_flight, n_starts, n_exits = zombie.in_flight(), zombie.n_starts, len(scene.orchestrator.exits)
    time.sleep(1.0)  # what it had committed is visible by now; anything further in its partitions is another's work
    reached = _reached(scene)
    taken_over = until(lambda: _all_moved(reached, _reached(scene)), TAKE_OVER_S)
    time.sleep(rng.uniform(0.0, 1.5))
    still_stopped = zombie.is_stopped()
    zombie.signal(signal.SIGCONT)
    if not still_stopped:
        return shot
    shot.evidence = f"{zombie.name} stopped with {in_flight} in flight while others wrote to its partitions"
    if not taken_over:
        shot.violations.append(f"nobody went on with the partitions of a stopped worker within {TAKE_OVER_S:.0f} s")
        return shot
    woke_s = time.monotonic()
    died = until(lambda: zombie.n_starts > n_starts, 15.0 if must_die else 3.0)
    codes = [end.code for end in scene.orchestrator.exits[n_exits:] if end.worker == zombie.name]
    shot.detail += f", {f'died {codes} {time.monotonic() - woke_s:.1f} s after waking' if died else 'handed over'}"
    if must_die and codes[:1] != [70]:
        shot.violations.append(f"a zombie woken inside a transaction ended with {codes or 'nothing'}, not 70")
    return shot


def _reached(scene: Scene) -> tuple[dict[int, int], dict[int, int]]:
    """How far both stages that own partitions have come, as others see it."""
    return scene.watcher.markers(), scene.ends(scene.names.item_vectors)


def _all_moved(before: tuple[dict[int, int], ...], now: tuple[dict[int, int], ...]) -> bool:
    return all(
        len(new) == PARTITIONS and all(at > old.get(partition, 0) for partition, at in new.items())
        for old, new in zip(before, now, strict=True)
    )
