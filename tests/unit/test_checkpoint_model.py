"""The checkpoint protocol holds under every interleaving tried, and the same search finds each planted mistake."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from streams.engine import checkpoint, ownership, shell, writers
from tests.chaos import planted
from tests.chaos.model import CheckpointMachine, CountingStage

QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
SOUND = settings(max_examples=300, stateful_step_count=25, suppress_health_check=QUIET)
#: Found is enough: a smaller example is of no use here, and the same search must succeed every time.
HUNT = settings(
    max_examples=3_000, stateful_step_count=25, derandomize=True, database=None, phases=[Phase.generate],
    report_multiple_bugs=False, suppress_health_check=QUIET,
)  # fmt: skip


@pytest.mark.requirement("A8", "H12", "Q2")
def test_every_interleaving_leaves_the_log_of_one_sequential_writer() -> None:
    run_state_machine_as_test(CheckpointMachine, settings=SOUND)


def hunt(machine: type[CheckpointMachine] = CheckpointMachine) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=HUNT)


def test_the_model_finds_a_marker_that_is_sent_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint.Checkpoint, "_transact", checkpoint.Checkpoint._transact)
    planted.marker_first()
    hunt()


def test_the_model_finds_a_restore_before_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ownership, shell):
        monkeypatch.setattr(module, "acquire", module.acquire)
    planted.restore_before_init()
    hunt(type("Planted", (CheckpointMachine,), {"acquire": staticmethod(ownership.acquire)}))


def test_the_model_finds_transactional_ids_that_fence_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers.TransactionalWriter, "__init__", writers.TransactionalWriter.__init__)
    planted.no_fencing()
    hunt()


def test_the_model_finds_a_fold_without_the_fence_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountingStage, "has_fence", False)
    hunt()
