"""What serve knows of half-lives: what workers know, and without a mapping file that can be read the contract's."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.domain.decay import DAY_S
from streams.serve_half_lives import half_lives_of
from streams.settings import Ingest, Profile, Settings

pytestmark = pytest.mark.requirement("H3", "H10")


def settings(folder: Path) -> Settings:
    days = {"product.viewed": 7.0, "exercise.done": 3.0}
    return Settings(profile=Profile(action_half_lives_days=days), ingest=Ingest(mappings_dir=str(folder)))


def test_an_action_of_a_mapping_file_may_have_a_half_life() -> None:
    found = half_lives_of(settings(Path("docs/mappings")))
    types = ("health.exercise.done", "shop.product.viewed", "shop.order.completed")
    assert [found[kind] / DAY_S for kind in types] == [3.0, 7.0, 60.0]


def test_without_the_mapping_files_the_actions_of_the_contract_keep_theirs(tmp_path: Path) -> None:
    found = half_lives_of(settings(tmp_path / "not-there"))
    assert [found[kind] / DAY_S for kind in ("health.exercise.done", "shop.product.viewed")] == [60.0, 7.0]
