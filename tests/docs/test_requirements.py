"""What tests say they prove is something that is required."""

from __future__ import annotations

from docs.requirements import proved, required


def test_every_id_that_a_test_carries_is_a_requirement() -> None:
    known = {name for entries in required().values() for name in entries}
    assert set(proved()) <= known


def test_an_id_is_given_once() -> None:
    names = [name for entries in required().values() for name in entries]
    assert len(names) == len(set(names)) > 80
