"""The engines that can serve at a steady rate: Braid's worker, and Quix with both stages in one application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.peers.job import JobSpec
from tests.bench.peers.processes import start
from tests.bench.scene import Scene
from tests.support.pipeline import SECRET


@dataclass(frozen=True)
class Engine:
    """A running engine. pid: its one process. profiles: the topic it publishes to."""

    pid: int
    profiles: str
    stop: Callable[[], object]


def start_braid(scene: Scene, stages: str, model: str) -> Engine:
    """The worker. stages: separated by commas, empty = all of them."""
    worker = scene.worker(stages, "serving", BRAID_ENCODER__MODEL=model)
    return Engine(worker.process.pid, scene.names.profiles, worker.kill)


def start_quix(scene: Scene, _stages: str, model: str) -> Engine:
    """One application, a profile an event, a linger of 1 ms."""
    assert model == "hashed", f"--encoder {model}: the peers' environment has the hashed encoder only"
    own = scene.add_topics_of("quix")
    state = str(scene.folder / "quix")
    peer = start(JobSpec("quix", "whole", scene.servers, scene.prefix, SECRET, 0, state, "each"))
    return Engine(peer.process.pid, own.profiles, peer.stop)


ENGINES: dict[str, Callable[[Scene, str, str], Engine]] = {"braid": start_braid, "quix": start_quix}
