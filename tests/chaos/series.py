"""Many runs on one cluster: while the topics of one are judged, the workers of the next come up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.chaos.runs import Plan, Report, prepared, run_scene
from tests.chaos.scene import Ground, Scene


def run_all(seeds: Sequence[int], n_nodes: int, plan: Plan) -> Iterator[Report]:
    """One report a seed, as soon as it is there. A cluster that saw a red run is replaced by a new one."""
    series = _Series(n_nodes, plan)
    try:
        for number, seed in enumerate(seeds):
            yield series.run(seed, seeds[number + 1] if number + 1 < len(seeds) else None)
    finally:
        series.stop()


@dataclass
class _Series:
    n_nodes: int
    plan: Plan
    ground: Ground | None = None
    upcoming: Future[Scene] | None = None
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="next-scene"))

    def run(self, seed: int, following: int | None) -> Report:
        scene = self._take(seed)
        ground = scene.ground

        def prepare_the_next() -> None:
            if following is not None:
                self.upcoming = self.pool.submit(prepared, ground, following, self.plan)

        report = run_scene(scene, self.plan, prepare_the_next)
        if report.violations:  # what broke this run must not be what breaks the next
            self._leave_ground()
        return report

    def stop(self) -> None:
        self._leave_ground()
        self.pool.shutdown()

    def _take(self, seed: int) -> Scene:
        upcoming, self.upcoming = self.upcoming, None
        if upcoming is not None and upcoming.exception() is None:
            return upcoming.result()
        if upcoming is not None:  # the cluster came out of a green run unable to take another
            self._leave_ground()
        if self.ground is None:
            self.ground = Ground.of(self.n_nodes)
            self.ground.start()
        return prepared(self.ground, seed, self.plan)

    def _leave_ground(self) -> None:
        upcoming, self.upcoming = self.upcoming, None
        if upcoming is not None and upcoming.exception() is None:
            upcoming.result().stop()
        if self.ground is not None:
            self.ground.stop()
            self.ground = None
