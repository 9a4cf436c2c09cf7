"""Files that lie: RocksDB's tables and logs, the embedding cache, the snapshots of the index."""

from __future__ import annotations

import random
import signal
from pathlib import Path

from tests.chaos.damage import break_files, cut_files, files_of
from tests.chaos.scene import SERVE, Scene
from tests.chaos.shots import Shot, someone
from tests.chaos.workers import ChaosWorker, until

ROCKS_FILES = (".sst", ".log")
READY_S = 120.0
#: What serve says when it does not believe its snapshot.
#: What serve says of a snapshot that is not whole; an older one may stand in for it.
REFUSED = "snapshot_refused"


def corrupt_state(scene: Scene, rng: random.Random) -> Shot:
    """SIGKILL, and bytes of RocksDB's files are flipped; the worker rebuilds, or says what to delete."""
    worker = someone(scene, rng)
    scene.orchestrator.hold(worker, signal.SIGKILL)
    worker.is_damaged = True
    flipped = break_files(files_of(worker.state_dir / rng.choice(["profile", "profile", "."]), ROCKS_FILES), rng)
    scene.orchestrator.release(worker)
    return Shot("corrupt-state", ", ".join(flipped), f"{len(flipped)} files damaged" if flipped else "")


def corrupt_cache(scene: Scene, rng: random.Random) -> Shot:
    """SIGKILL, and the embedding cache's files are flipped or cut; the worker must come back without being helped."""
    worker, shot = someone(scene, rng), Shot("corrupt-cache")
    cache = worker.state_dir / "embeddings"
    until(lambda: bool(files_of(cache, (".sst",))), 15)  # what was written first is still in memory
    scene.orchestrator.hold(worker, signal.SIGKILL)
    files = files_of(cache, (".sst",)) or files_of(cache, ("",))
    if rng.random() < 0.3:
        files = [file for file in files_of(cache, ("",)) if file.name.startswith(("MANIFEST", "CURRENT"))]
    damage = rng.choice([break_files, cut_files])
    broken = damage(files, rng)
    n_actions, n_exits = scene.orchestrator.n_operator_actions, len(scene.orchestrator.exits)
    scene.orchestrator.release(worker)
    shot.detail = f"{damage.__name__.replace('_', ' ')}: {', '.join(broken)}"
    shot.evidence = f"{len(broken)} files damaged" if broken else ""
    if not until(worker.is_ready, READY_S):
        shot.violations.append(f"no worker came back in {READY_S:.0f} s from a damaged embedding cache")
    ended = [end for end in scene.orchestrator.exits[n_exits:] if end.worker == worker.name]
    if ended or scene.orchestrator.n_operator_actions > n_actions:
        shot.violations.append(f"a damaged embedding cache ended the worker: {ended}")
    return shot


def corrupt_snapshot(scene: Scene, rng: random.Random) -> Shot:
    """SIGKILL of a serve, and its newest snapshot is flipped or cut: it must see that and rebuild the index."""
    serve, shot = scene.workers[SERVE], Shot("corrupt-snapshot")
    scene.orchestrator.release(serve)
    folder = serve.state_dir / "serve" / "index"
    if not until(lambda: serve.is_ready() and len(_snapshots(folder)) > 1, READY_S, 0.2):
        shot.violations.append(f"no serve with two snapshots within {READY_S:.0f} s")
        return shot
    scene.orchestrator.hold(serve, signal.SIGKILL)
    newest = _snapshots(folder)[-1]
    damage = rng.choice([break_files, cut_files])
    broken = damage([file for file in sorted(newest.iterdir()) if file.stat().st_size], rng)
    scene.orchestrator.release(serve)
    shot.detail = f"{damage.__name__.replace('_', ' ')}: {', '.join(broken)}"
    if not until(serve.is_ready, READY_S):
        shot.violations.append(f"serve was not ready {READY_S:.0f} s after its snapshot was damaged")
    elif not _has_said(serve, REFUSED):
        shot.violations.append(f"serve took a damaged snapshot for whole: {shot.detail}")
    shot.evidence = f"{len(broken)} files of {newest.name} damaged" if broken else ""
    return shot


def _snapshots(folder: Path) -> list[Path]:
    return sorted(folder.glob("snapshot-*"))


def _has_said(worker: ChaosWorker, word: str) -> bool:
    return until(lambda: word in worker.words(), 2)
