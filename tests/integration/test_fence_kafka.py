"""A worker that stood still past its session and wakes after its partitions moved writes nothing any more.

Each test stops workers with batches in flight, lets the others go on, wakes them, and judges the run from the topics:
profiles equal the fold, no revision, fence or marker goes back, dead letters are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from tests.chaos.catching import caught
from tests.chaos.runs import Plan, Report, run
from tests.chaos.scene import Ground
from tests.chaos.shots import IN_TRANSACTION, TAKE_OVER_POINTS, Fault
from tests.chaos.zombies import zombie_at, zombie_at_random, zombie_taking_over_at
from tests.support.brokers import skip_without_kafka

# A run waits up to a minute for each fault to be overcome.
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    skip_without_kafka()
    made = Ground.of(1)
    made.start()
    yield made
    made.stop()


def judged(ground: Ground, seed: int, faults: list[Fault]) -> Report:
    report = run(ground, seed, Plan(exactly=faults, rate=400.0))
    assert report.counts or report.violations, f"a fault did not fire under load: {report.shots}"
    return report


@pytest.mark.requirement("A8", "Q2")
def test_a_zombie_that_wakes_inside_a_transaction_dies_and_leaves_no_trace(ground: Ground) -> None:
    report = judged(ground, 11, [partial(zombie_at, point) for point in IN_TRANSACTION])
    assert not report.violations
    assert all("died [70]" in shot.detail for shot in report.shots), report.shots


@pytest.mark.requirement("A8", "Q2")
def test_a_zombie_that_wakes_beside_a_transaction_changes_nothing(ground: Ground) -> None:
    beside: list[Fault] = [partial(zombie_at, point) for point in ("prepared", "folded", "committed", "stored")]
    report = judged(ground, 12, [*beside, zombie_at_random, zombie_at_random])
    assert not report.violations


@pytest.mark.requirement("A8", "Q2")
def test_a_zombie_of_an_unfinished_take_over_changes_nothing(ground: Ground) -> None:
    report = judged(ground, 13, [partial(zombie_taking_over_at, point) for point in TAKE_OVER_POINTS])
    assert not report.violations


def test_without_one_transactional_id_per_partition_the_same_zombie_is_caught(ground: Ground) -> None:
    assert caught(ground, 14, [partial(zombie_at, "folded")], "no-fencing")
