"""The harness itself: a worker with a planted bug must come out red, a sound one green, an idle run proves nothing.

The bugs that need an exact interleaving are found by the model (tests/unit/test_checkpoint_model.py).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

import pytest

from tests.chaos.catching import caught
from tests.chaos.deaths import error_at_point, kill_after_delay, kill_at_point
from tests.chaos.runs import Plan, run
from tests.chaos.scene import Ground, Scene
from tests.chaos.shots import Fault, Shot
from tests.support.brokers import skip_without_kafka

# A run waits up to a minute for each fault to be overcome.
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]

#: bug -> the fault that brings it out.
CAUGHT_BY: dict[str, list[Fault]] = {
    "ack-early": [kill_after_delay, kill_after_delay, kill_after_delay],
    "ack-on-error": [error_at_point],
    "marker-first": [kill_at_point],
    "no-dedup": [kill_at_point],
    "no-tombstones": [kill_at_point],
}


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    skip_without_kafka()
    made = Ground.of(1)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("bug", CAUGHT_BY)
def test_a_planted_bug_is_caught(ground: Ground, bug: str) -> None:
    assert caught(ground, 21, CAUGHT_BY[bug], bug)


def test_a_fault_that_never_fires_makes_a_run_that_proves_nothing(ground: Ground) -> None:
    def never(_scene: Scene, _rng: random.Random) -> Shot:
        return Shot("never")

    assert not run(ground, 22, Plan(exactly=[partial(never)], rate=400.0)).counts
