"""What a worker stands on: its disk, its clock, its brokers."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time

from tests.chaos.damage import FullDisk
from tests.chaos.scene import Scene
from tests.chaos.shots import Shot, fire, someone
from tests.chaos.workers import until


def lose_state(scene: Scene, rng: random.Random) -> Shot:
    """SIGKILL, and the whole state directory is gone."""
    worker = someone(scene, rng)
    scene.orchestrator.hold(worker, signal.SIGKILL)
    n_files = sum(file.is_file() for file in worker.state_dir.rglob("*"))
    shutil.rmtree(worker.state_dir)
    scene.orchestrator.release(worker)
    return Shot("lost-state", worker.name, f"{n_files} files deleted" if n_files else "")


def full_disk(scene: Scene, rng: random.Random) -> Shot:
    """The disk under a worker's state fills up, stays full for seconds, and is given room again."""
    worker = someone(scene, rng)
    scene.orchestrator.hold(worker, signal.SIGTERM)
    with FullDisk(worker.state_dir) as disk:
        scene.orchestrator.release(worker)
        ready = until(worker.is_ready, 40)
        n_starts = worker.n_starts
        disk.fill()
        until(lambda: worker.n_starts > n_starts, 10)
        time.sleep(rng.uniform(0.5, 2.0))
        n_died = worker.n_starts - n_starts
        disk.relieve()
        until(worker.is_ready, 40)
        scene.orchestrator.hold(worker, signal.SIGKILL)
    scene.orchestrator.release(worker)
    return Shot("full-disk", f"ended {n_died} times on the full disk", "disk was full under load" if ready else "")


def clock_jump(scene: Scene, rng: random.Random) -> Shot:
    """A worker's clock is an hour off for a while."""
    worker, seconds = someone(scene, rng), rng.choice([-3600, 3600])
    shot = fire(scene, worker, f"clock {seconds}", Shot("clock-jump", f"{worker.name} {seconds} s"))
    time.sleep(rng.uniform(2.0, 4.0))
    worker.tell("clock 0")
    return shot


def pause_broker(scene: Scene, rng: random.Random) -> Shot:
    """A broker stands still (a long garbage collection), and goes on; one of three also for longer than its session."""
    cluster = scene.ground.cluster
    node = rng.choice(cluster.node_ids)
    seconds = rng.uniform(1.0, 12.0) if cluster.nodes > 1 else rng.uniform(1.0, 6.0)
    os.kill(cluster.pid(node), signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(cluster.pid(node), signal.SIGCONT)
    return Shot("broker-pause", f"node {node} for {seconds:.1f} s", "stopped")


def restart_broker(scene: Scene, rng: random.Random) -> Shot:
    """A broker is killed, or stopped in good order, and started again."""
    cluster = scene.ground.cluster
    node = rng.choice(cluster.node_ids)
    hard = rng.random() < 0.5
    (cluster.kill if hard else cluster.stop_node)(node)
    cluster.restart(node)
    return Shot("broker-restart", f"node {node} {'killed' if hard else 'stopped'}", "back")


def lose_broker(scene: Scene, rng: random.Random) -> Shot:
    """One of three brokers is lost for seconds: the others must carry on."""
    cluster = scene.ground.cluster
    node = rng.choice(cluster.node_ids)
    cluster.kill(node)
    shot = Shot("broker-loss", f"node {node}", "killed")
    time.sleep(8.0)  # its session, and new leaders
    n_before = scene.n_profiles_written()
    if not until(lambda: scene.n_profiles_written() > n_before, 45, 0.3):
        shot.violations.append("no profile was written with two of three brokers")
    cluster.restart(node)
    return shot
